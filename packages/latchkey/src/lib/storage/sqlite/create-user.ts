import { sql } from "kysely";
import type { CreatedUser, CreateUser, Storage, UserRecord } from "../storage.ts";
import { type SqliteConnection, Undo } from "./connection.ts";
import { passkeyStep } from "./passkeys.ts";
import type { Steps } from "./steps.ts";

const firstEpoch = 1;

/** Sign-up: everything of a new account in one transaction. */
export function createUserOperation(connection: SqliteConnection, steps: Steps): Pick<Storage, "createUser"> {
	const account = prepareAccount(connection);
	const names = prepareNames(connection);
	const insertPasskey = passkeyStep(connection);
	return {
		createUser: (input) =>
			connection.transaction((): CreatedUser | Undo<CreatedUser> => {
				const now = connection.now();
				const { id, name, language = null, fields = null } = input;
				account.user.run({ id, name, language, fields, epoch: firstEpoch, now });
				const taken = [...takenIdentifiers(input, now), ...takenIdentities(input, now)];
				if (taken.length > 0) return new Undo<CreatedUser>({ ok: false, taken });

				if (input.password !== null) account.password.run({ userId: input.id, sealed: input.password, now });
				if (input.passkey !== undefined) {
					if (!insertPasskey({ ...input.passkey, userId: input.id }, now)) {
						return new Undo<CreatedUser>({ ok: false, taken: ["passkey"] });
					}
					account.countPasskey.run({ userId: input.id });
				}
				if (input.replaces !== null) steps.sessions.endReplaced(input.replaces.sessionId, now);
				const session =
					input.session === null
						? null
						: steps.sessions.insert({ ...input.session, userId: input.id, epoch: firstEpoch }, now);
				steps.events.append(input.events, now);
				return { ok: true, user: newUser(input, now), session };
			}),
	};

	/** Writes the identifiers that are free and names the kinds of those that are not. */
	function takenIdentifiers(input: CreateUser, now: number): ("email" | "username")[] {
		const { id, identifiers } = input;
		if (identifiers.length === 0) return [];
		const rows = identifiers.map(({ kind, value, canonical }) => ({
			kind,
			value,
			canonical,
			verifiedAt: provenAt(input, kind, now),
		}));
		const written = names.identifiers.all(rows, { userId: id, now }).map(({ kind }) => kind);
		return identifiers.map(({ kind }) => kind).filter((kind) => !written.includes(kind));
	}

	function takenIdentities({ id, identities }: CreateUser, now: number): "identity"[] {
		if (identities.length === 0) return [];
		const rows = identities.map(({ issuer, subject, provider = null, label = null }) => ({
			issuer,
			subject,
			provider,
			label,
		}));
		return names.identities.run(rows, { userId: id, now }) === identities.length ? [] : ["identity"];
	}
}

function prepareAccount(connection: SqliteConnection) {
	return {
		user: connection.prepare(
			(
				db,
				p: {
					id: string;
					name: string | null;
					language: string | null;
					fields: string | null;
					epoch: number;
					now: number;
				},
			) =>
				db.insertInto("latchkey_user").values({
					id: p.id,
					name: p.name,
					language: p.language,
					fields: p.fields,
					epoch: p.epoch,
					created_at: p.now,
					updated_at: p.now,
				}),
		),

		countPasskey: connection.prepare((db, p: { userId: string }) =>
			db
				.updateTable("latchkey_user")
				.set({ passkeys: sql.lit(1) })
				.where("id", "=", p.userId),
		),

		password: connection.prepare((db, p: { userId: string; sealed: string; now: number }) =>
			db.insertInto("latchkey_password").values({ user_id: p.userId, sealed: p.sealed, version: 1, changed_at: p.now }),
		),
	};
}

/** By what somebody is found. What somebody else has is skipped, and missing from what comes back. */
function prepareNames(connection: SqliteConnection) {
	return {
		identifiers: connection.prepareRows(
			(
				db,
				rows: { kind: "email" | "username"; value: string; canonical: string; verifiedAt: number | null }[],
				p: { userId: string; now: number },
			) =>
				db
					.insertInto("latchkey_identifier")
					.values(
						rows.map(({ kind, value, canonical, verifiedAt }) => ({
							user_id: p.userId,
							kind,
							value,
							canonical,
							verified_at: verifiedAt,
							created_at: p.now,
						})),
					)
					.onConflict((conflict) => conflict.columns(["kind", "canonical"]).doNothing())
					.returning("kind"),
		),

		identities: connection.prepareRows(
			(
				db,
				rows: { issuer: string; subject: string; provider: string | null; label: string | null }[],
				p: { userId: string; now: number },
			) =>
				db
					.insertInto("latchkey_identity")
					.values(
						rows.map(({ issuer, subject, provider, label }) => ({
							issuer,
							subject,
							user_id: p.userId,
							created_at: p.now,
							provider,
							label,
						})),
					)
					.onConflict((conflict) => conflict.columns(["issuer", "subject"]).doNothing()),
		),
	};
}

function provenAt({ emailIsProven = false }: CreateUser, kind: "email" | "username", now: number): number | null {
	return emailIsProven && kind === "email" ? now : null;
}

function newUser(input: CreateUser, now: number): UserRecord {
	const { id, name, identifiers, fields = null } = input;
	return {
		id,
		name,
		email: identifiers.find(({ kind }) => kind === "email")?.value ?? null,
		emailVerifiedAt: provenAt(input, "email", now),
		username: identifiers.find(({ kind }) => kind === "username")?.value ?? null,
		epoch: firstEpoch,
		createdAt: now,
		fields,
	};
}
