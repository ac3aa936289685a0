import { randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import type { ContractContext } from "./contract-store.ts";
import {
	day,
	minute,
	newEvent,
	newPasskey,
	newTotp,
	newTrustedDevice,
	newUser,
	nothingToSettle,
	rotation,
	sha256,
	signUp,
} from "./fixtures.ts";

/** Devices that a second step need not be asked for on. */
export function trustedDevicesContract(context: ContractContext): void {
	const list = async (userId: string) => (await context.storage.listTrustedDevices(userId)).map(({ id }) => id);
	const eventsOf = async (userId: string) => (await context.storage.listEvents(userId, { limit: 10 })).length;

	async function withDevice(label: string) {
		const { userId, session } = await signUp(context.storage, label);
		const device = newTrustedDevice(userId);
		await context.storage.addTrustedDevice(device);
		return { userId, device, sessionId: session!.id };
	}

	it("trusts a device of a user at their epoch, with its events", async () => {
		const { storage, clock } = context;
		const { userId } = await signUp(storage, "ada");
		const device = newTrustedDevice(userId, { events: [newEvent({ userId })] });
		const stored = {
			id: device.id,
			userId,
			createdAt: clock.now,
			usedAt: clock.now,
			expiresAt: clock.now + 30 * day,
			address: null,
			userAgent: "Test/1",
		};
		expect(await storage.addTrustedDevice(device)).toEqual(stored);
		expect(await storage.listTrustedDevices(userId)).toEqual([stored]);
		expect((await storage.exportUser(userId))?.trustedDevices).toEqual([stored]);
		expect(await eventsOf(userId)).toBe(1);
	});

	it("trusts none at another epoch or for nobody, and changes nothing", async () => {
		const { storage, store } = context;
		const { userId } = await signUp(storage, "ada");
		const before = await store.countRows();
		expect(await storage.addTrustedDevice(newTrustedDevice(userId, { epoch: 2, events: [newEvent()] }))).toBeNull();
		expect(await storage.addTrustedDevice(newTrustedDevice(randomUUID(), { events: [newEvent()] }))).toBeNull();
		expect(await store.countRows()).toEqual(before);
	});

	it("puts a device in the place of another one of the same user, and keeps so many at most", async () => {
		const { storage } = context;
		const { userId, device } = await withDevice("ada");
		const { userId: other, device: others } = await withDevice("bob");
		const second = newTrustedDevice(userId, { replaces: device.id });
		await storage.addTrustedDevice(second);
		expect(await list(userId)).toEqual([second.id]);
		const third = newTrustedDevice(userId, { replaces: others.id });
		await storage.addTrustedDevice(third);
		expect(await list(userId)).toEqual([third.id, second.id]);
		expect(await list(other)).toEqual([others.id]);
		const fourth = newTrustedDevice(userId, { limit: 2 });
		await storage.addTrustedDevice(fourth);
		expect(await list(userId)).toEqual([fourth.id, third.id]);
		const fifth = newTrustedDevice(userId, { limit: 2, replaces: third.id });
		await storage.addTrustedDevice(fifth);
		expect(await list(userId)).toEqual([fifth.id, fourth.id]);
		expect(await list(other)).toEqual([others.id]);
	});

	it("takes a token once and the next one after it, for as long as was said at first", async () => {
		const { storage, clock } = context;
		const { userId, device } = await withDevice("ada");
		const made = clock.now;
		clock.now += day;
		expect(await storage.rotateTrustedDevice(rotation(device))).toEqual({
			id: device.id,
			userId,
			createdAt: made,
			usedAt: made + day,
			expiresAt: made + 30 * day,
			address: "203.0.113.7",
			userAgent: "Test/2",
		});
		const again = { ...device, tokenHash: sha256("next") };
		clock.now = made + 30 * day - 1;
		expect(await storage.rotateTrustedDevice(rotation(again, "third"))).toMatchObject({ id: device.id });
		clock.now += 1;
		expect(await storage.rotateTrustedDevice(rotation({ ...device, tokenHash: sha256("third") }))).toBeNull();
		expect(await list(userId)).toEqual([]);
	});

	it("forgets a device whose earlier token turns up, but not when it was used just now", async () => {
		const { storage, clock } = context;
		const { userId, device } = await withDevice("ada");
		clock.now += minute;
		await storage.rotateTrustedDevice(rotation(device));
		const replay = rotation(device, "thief", { events: [newEvent({ userId })] });
		clock.now += minute;
		expect(await storage.rotateTrustedDevice(replay)).toBeNull();
		expect(await list(userId)).toEqual([device.id]);
		expect(await eventsOf(userId)).toBe(0);
		clock.now += 1;
		expect(await storage.rotateTrustedDevice(replay)).toBe("copied");
		expect(await list(userId)).toEqual([]);
		expect(await eventsOf(userId)).toBe(1);
		expect(await storage.rotateTrustedDevice(rotation({ ...device, tokenHash: sha256("next") }))).toBeNull();
	});

	it("knows no device of another user, and leaves it alone", async () => {
		const { storage, clock } = context;
		const { userId, device } = await withDevice("ada");
		const { userId: bob } = await signUp(storage, "bob");
		clock.now += day;
		expect(await storage.rotateTrustedDevice(rotation({ ...device, userId: bob }))).toBeNull();
		expect(await storage.rotateTrustedDevice(rotation({ ...device, userId: bob, tokenHash: sha256("x") }))).toBeNull();
		expect(await storage.forgetTrustedDevice({ userId: bob, id: device.id, events: [newEvent()] })).toBe(false);
		expect(await list(userId)).toEqual([device.id]);
	});

	it("forgets one of the user's, with its events", async () => {
		const { storage } = context;
		const { userId, device } = await withDevice("ada");
		const input = { userId, id: device.id, events: [newEvent({ userId })] };
		expect(await storage.forgetTrustedDevice(input)).toBe(true);
		expect(await storage.forgetTrustedDevice({ ...input, events: [newEvent({ userId })] })).toBe(false);
		expect(await eventsOf(userId)).toBe(1);
		expect(await storage.rotateTrustedDevice(rotation(device))).toBeNull();
	});

	it("trusts nothing any more once the epoch has moved, a passkey or codes were made, or the user is gone", async () => {
		const { storage, store } = context;
		const ends: ((of: { userId: string; sessionId: string }) => Promise<unknown>)[] = [
			({ userId }) => storage.endAllSessions({ userId, events: [] }),
			({ userId, sessionId }) => storage.endOtherSessions({ userId, keepSessionId: sessionId, events: [] }),
			({ userId }) => storage.addTotp(newTotp(userId)),
			({ userId }) => storage.addPasskey({ passkey: newPasskey(userId), epoch: 1, limit: 5, events: [] }),
			({ userId }) =>
				storage.replaceRecoveryCodes({
					userId,
					epoch: 1,
					codeHashes: [sha256("c")],
					settle: nothingToSettle,
					events: [],
				}),
		];
		for (const [index, end] of ends.entries()) {
			const { userId, device, sessionId } = await withDevice(`person-${index}`);
			await end({ userId, sessionId });
			expect(await list(userId)).toEqual([]);
			expect(await storage.rotateTrustedDevice(rotation(device))).toBeNull();
		}
		const { userId } = await withDevice("gone");
		const before = (await store.countRows()).latchkey_trusted_device!;
		await storage.deleteUser({ userId, pseudonym: "p", events: [] });
		expect((await store.countRows()).latchkey_trusted_device).toBe(before - 1);
	});

	it("leaves what has expired to the upkeep", async () => {
		const { storage, clock, store } = context;
		await storage.createUser(newUser("ada", { session: null }));
		const { device } = await withDevice("bob");
		await storage.addTrustedDevice(newTrustedDevice(device.userId, { lifetimeMs: day }));
		clock.now += day;
		await storage.deleteExpired(10);
		expect((await store.countRows()).latchkey_trusted_device).toBe(1);
	});
}
