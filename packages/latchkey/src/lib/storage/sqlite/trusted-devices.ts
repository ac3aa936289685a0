import { selectTrustedDevices, toTrustedDevice, trustedDeviceColumns } from "../rows.ts";
import type {
	AddTrustedDevice,
	RotateTrustedDevice,
	TrustedDeviceRecord,
	TrustedDevicesStorage,
} from "../trusted-devices-storage.ts";
import { type SqliteConnection, Undo } from "./connection.ts";
import type { Steps } from "./steps.ts";

/** Devices that a second step need not be asked for on. */
export function trustedDeviceOperations(connection: SqliteConnection, { events: log }: Steps): TrustedDevicesStorage {
	const add = prepareAdd(connection);
	const rotate = prepareRotation(connection);
	const { list, forget } = prepareOthers(connection);
	return {
		addTrustedDevice: ({ events, ...input }) =>
			connection.transaction((): TrustedDeviceRecord | null | Undo<null> => {
				const now = connection.now();
				const { userId, replaces, limit } = input;
				const [row] = add.insert.all({ ...input, now, expiresAt: now + input.lifetimeMs });
				if (row === undefined) return new Undo(null);
				if (replaces !== null) forget.run({ userId, id: replaces });
				add.crowdOut.run({ userId, limit });
				log.append(events, now);
				return toTrustedDevice(row);
			}),

		rotateTrustedDevice: ({ events, ...input }) =>
			connection.transaction((): TrustedDeviceRecord | "copied" | null => {
				const now = connection.now();
				const [row] = rotate.take.all({ ...input, now });
				if (row !== undefined) return toTrustedDevice(row);
				if (rotate.forgetCopied.run({ ...input, now, before: now - input.graceMs }) === 0) return null;
				log.append(events, now);
				return "copied";
			}),

		listTrustedDevices: (userId) =>
			connection.execute(() => list.all({ userId, now: connection.now() }).map(toTrustedDevice)),

		forgetTrustedDevice: ({ userId, id, events }) =>
			connection.transaction((): boolean | Undo<boolean> => {
				if (forget.run({ userId, id }) === 0) return new Undo(false);
				log.append(events, connection.now());
				return true;
			}),
	};
}

function prepareAdd(connection: SqliteConnection) {
	type Add = Omit<AddTrustedDevice, "events"> & { now: number; expiresAt: number };
	return {
		insert: connection.prepare((db, p: Add) =>
			db
				.insertInto("latchkey_trusted_device")
				.columns([
					"id",
					"user_id",
					"epoch",
					"token_hash",
					"created_at",
					"used_at",
					"expires_at",
					"address",
					"user_agent",
				])
				.expression((eb) =>
					eb
						.selectFrom("latchkey_user as u")
						.where("u.id", "=", p.userId)
						.where("u.epoch", "=", p.epoch)
						.select((eb) => [
							eb.val(p.id).as("id"),
							"u.id as user_id",
							"u.epoch",
							eb.val(p.tokenHash).as("token_hash"),
							eb.val(p.now).as("created_at"),
							eb.val(p.now).as("used_at"),
							eb.val(p.expiresAt).as("expires_at"),
							eb.val(p.address).as("address"),
							eb.val(p.userAgent).as("user_agent"),
						]),
				)
				.returning(trustedDeviceColumns),
		),

		crowdOut: connection.prepare((db, p: { userId: string; limit: number }) =>
			db
				.deleteFrom("latchkey_trusted_device")
				.where("user_id", "=", p.userId)
				.where("id", "not in", (eb) =>
					eb
						.selectFrom("latchkey_trusted_device as newer")
						.select("newer.id")
						.where("newer.user_id", "=", p.userId)
						.orderBy("newer.id", "desc")
						.limit(p.limit),
				),
		),
	};
}

function prepareRotation(connection: SqliteConnection) {
	type Rotate = Omit<RotateTrustedDevice, "events"> & { now: number };
	return {
		take: connection.prepare((db, p: Rotate) =>
			db
				.updateTable("latchkey_trusted_device")
				.set({ token_hash: p.nextTokenHash, used_at: p.now, address: p.address, user_agent: p.userAgent })
				.where("id", "=", p.id)
				.where("user_id", "=", p.userId)
				.where("token_hash", "=", p.tokenHash)
				.where("expires_at", ">", p.now)
				.where("epoch", "=", (eb) => eb.selectFrom("latchkey_user as u").select("u.epoch").where("u.id", "=", p.userId))
				.returning(trustedDeviceColumns),
		),

		forgetCopied: connection.prepare((db, p: Rotate & { before: number }) =>
			db
				.deleteFrom("latchkey_trusted_device")
				.where("id", "=", p.id)
				.where("user_id", "=", p.userId)
				.where("token_hash", "<>", p.tokenHash)
				.where("used_at", "<", p.before)
				.where("expires_at", ">", p.now)
				.where("epoch", "=", (eb) =>
					eb.selectFrom("latchkey_user as u").select("u.epoch").where("u.id", "=", p.userId),
				),
		),
	};
}

function prepareOthers(connection: SqliteConnection) {
	return {
		list: connection.prepare((db, p: { userId: string; now: number }) => selectTrustedDevices(db, p)),

		forget: connection.prepare((db, p: { userId: string; id: string }) =>
			db.deleteFrom("latchkey_trusted_device").where("id", "=", p.id).where("user_id", "=", p.userId),
		),
	};
}
