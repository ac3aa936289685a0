import { randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import type { ContractContext } from "./contract-store.ts";
import { minute, newEvent, newPasskey, sha256, signIn, signUp } from "./fixtures.ts";

/** A password for an account that has none. */
export function firstPasswordContract(context: ContractContext): void {
	/** Somebody with a passkey and no password, and the session that they choose one in. */
	async function withoutPassword(label: string) {
		const { userId, session, secretHash } = await signUp(context.storage, label, { password: null });
		await context.storage.addPasskey({ passkey: newPasskey(userId), epoch: 1, limit: 1, events: [] });
		const change = { userId, keepSessionId: session!.id, sealed: "first", events: [newEvent({ userId })] };
		return { change, userId, secretHash: secretHash! };
	}

	it("is kept under a version that no password had before; every other session ends, and what was pending", async () => {
		const { storage, clock } = context;
		const { change, userId, secretHash } = await withoutPassword("ada");
		await storage.createSession(signIn(userId, { secret: "elsewhere" }));
		const link = { purpose: "password-reset", tokenHash: sha256("link") };
		await storage.putToken({ ...link, subject: userId, lifetimeMs: minute, payload: null });
		clock.now += minute;
		expect(await storage.addPassword(change)).toBe("changed");
		expect((await storage.findCredentialsOfUser(userId))?.password).toEqual({
			sealed: "first",
			version: 2,
			changedAt: clock.now,
			failures: 0,
		});
		expect((await storage.readSession(secretHash))?.session).toMatchObject({ epoch: 2, id: change.keepSessionId });
		expect(await storage.readSession(sha256("elsewhere"))).toBeNull();
		expect(await storage.consumeToken(link)).toBeNull();
		expect(await storage.createSession(signIn(userId, { epoch: 1 }))).toBeNull();
		expect(await storage.readFactors(userId)).toMatchObject({ password: true });
		expect(await storage.listEvents(userId, { limit: 10 })).toHaveLength(1);
	});

	it("is not kept where there is one, for a session that has ended, or for nobody, and then nothing happens", async () => {
		const { storage, store } = context;
		const { change, userId, secretHash } = await withoutPassword("ada");
		const bob = await signUp(storage, "bob");
		await storage.endSession({ userId: bob.userId, sessionId: bob.session!.id, events: [] });
		const before = await store.countRows();
		const ofBob = { ...change, userId: bob.userId, keepSessionId: bob.session!.id };
		expect(await storage.addPassword(ofBob)).not.toBe("changed");
		expect(await storage.addPassword({ ...change, keepSessionId: randomUUID() })).toBe("not_live");
		expect(await storage.addPassword({ ...change, keepSessionId: bob.session!.id })).toBe("not_live");
		expect(await storage.addPassword({ ...change, userId: randomUUID() })).not.toBe("changed");
		expect(await store.countRows()).toEqual(before);
		expect((await storage.findCredentialsOfUser(bob.userId))?.password?.sealed).toBe("$sealed$bob");
		expect((await storage.readSession(secretHash))?.session.epoch).toBe(1);
		expect(await storage.readFactors(userId)).toMatchObject({ password: false });
	});

	it("[A23] is one of 16 that are chosen at once", async () => {
		const { storage } = context;
		const { change, userId, secretHash } = await withoutPassword("ada");
		const choose = (_: unknown, index: number) => storage.addPassword({ ...change, sealed: `${index}`, events: [] });
		const answers = await Promise.all(Array.from({ length: 16 }, choose));
		expect(answers.filter((answer) => answer === "changed")).toHaveLength(1);
		const chosen = answers.indexOf("changed");
		expect((await storage.findCredentialsOfUser(userId))?.password?.sealed).toBe(`${chosen}`);
		expect((await storage.readSession(secretHash))?.session.epoch).toBe(2);
	});
}
