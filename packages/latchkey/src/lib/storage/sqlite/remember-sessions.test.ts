import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { prepareWrite, write, writeKinds } from "../contract/every-write.ts";
import { day, newUser, sha256, signUp } from "../contract/fixtures.ts";
import { first, second } from "../contract/write.ts";
import type { Storage } from "../storage.ts";
import { temporaryFolder } from "./fixtures/sqlite-contract-store.ts";
import { openSqlite } from "./open-sqlite.ts";

describe("a SQLite store that remembers sessions", () => {
	let file: string;
	let storage: Storage;
	let executed: string[];
	let now: number;
	let cleanUp: (() => void)[];

	beforeEach(async () => {
		const { folder, remove } = temporaryFolder();
		cleanUp = [remove];
		file = join(folder, "latchkey.db");
		executed = [];
		now = Date.UTC(2030, 0, 1);
		storage = await openSqlite({ file, clock: () => now, onStatement: (sql) => executed.push(sql) });
	});
	afterEach(async () => {
		await storage.close();
		for (const act of cleanUp.toReversed()) act();
	});

	const statementsOf = async (work: () => Promise<unknown>) => {
		executed = [];
		await work();
		return executed;
	};
	const theVersion = ["PRAGMA data_version"];

	/** Somebody whose session is remembered, and how to check it. */
	async function remembered() {
		const { secretHash, sessionId } = await signUpAs("ada");
		const check = () => storage.readSession(secretHash, 1);
		await check();
		expect(await statementsOf(check)).toEqual(theVersion);
		return { sessionId, check };
	}

	async function signUpAs(name: string) {
		const { session, secretHash } = await signUp(storage, name);
		return { secretHash: secretHash!, sessionId: session!.id };
	}

	it("asks for a row the first time, and from then on only whether somebody else has written", async () => {
		const { secretHash } = await signUpAs("ada");
		const check = () => storage.readSession(secretHash, 1);
		const asked = await statementsOf(check);
		expect(asked).toHaveLength(1);
		expect(asked[0]).toMatch(/^select .* from "latchkey_session"/);
		const read = await storage.readSession(secretHash);
		expect(await check()).toEqual(read);
		expect(await statementsOf(check)).toEqual(theVersion);
		now = read!.session.idleExpiresAt - 1;
		expect(await check()).toEqual({ ...read, now });
		expect(await statementsOf(check)).toEqual(theVersion);
	});

	it("always asks for who does not say which generation is held, and for any other generation, in 1 statement", async () => {
		const { secretHash } = await signUpAs("ada");
		await storage.readSession(secretHash, 1);
		for (const generation of [undefined, 0, 2]) {
			const asked = await statementsOf(() => storage.readSession(secretHash, generation));
			expect(asked).toHaveLength(1);
			expect(asked).not.toEqual(theVersion);
		}
	});

	it("says nothing of its own from the moment at which the session expires", async () => {
		const { check } = await remembered();
		const { session } = (await check())!;
		now = session.idleExpiresAt - 1;
		expect(await check()).not.toBeNull();
		now = session.idleExpiresAt;
		expect(await check()).toBeNull();
	});

	it("sees what another connection has committed, at once, whatever it was", async () => {
		const { check } = await remembered();
		const other = new DatabaseSync(file);
		cleanUp.push(() => other.close());
		other.exec("UPDATE latchkey_user SET name = 'Countess'");
		expect((await check())!.user.name).toBe("Countess");
		expect(await statementsOf(check)).toEqual(theVersion);
		other.exec("BEGIN IMMEDIATE; UPDATE latchkey_session SET ended_at = 1");
		expect(await check()).not.toBeNull();
		other.exec("COMMIT");
		expect(await check()).toBeNull();
	});

	it("goes on believing what somebody else has rolled back, and what it has written itself of others", async () => {
		const { check } = await remembered();
		const other = new DatabaseSync(file);
		cleanUp.push(() => other.close());
		other.exec("BEGIN IMMEDIATE; UPDATE latchkey_session SET ended_at = 1; ROLLBACK");
		expect(await statementsOf(check)).toEqual(theVersion);
		await signUpAs("grace");
		expect(await statementsOf(check)).toEqual(theVersion);
	});

	// Whatever is written, what is remembered afterwards says of everybody what the row says.
	it.each(writeKinds)("says what the row says after %s", async (kind) => {
		const attempt = await prepareWrite(storage, kind);
		const hashes = [first(attempt.id), second(attempt.id)].map(sha256);
		const generations = new Map<Uint8Array, number>();
		for (const hash of hashes) {
			const live = await storage.readSession(hash);
			if (live === null) continue;
			generations.set(hash, live.session.generation);
			await storage.readSession(hash, live.session.generation);
			expect(await statementsOf(() => storage.readSession(hash, live.session.generation))).toEqual(theVersion);
		}
		await write(storage, attempt);
		for (const [hash, generation] of generations) {
			expect(await storage.readSession(hash, generation)).toEqual(await storage.readSession(hash));
		}
	});

	it("forgets whom a sign-in took the place of, also where the other is somebody else", async () => {
		const { sessionId, check } = await remembered();
		await storage.createUser({ ...newUser("bob"), replaces: { sessionId } });
		expect(await check()).toBeNull();
	});

	it("forgets also whose unproven claim gave way when somebody got an address back", async () => {
		const { secretHash } = await signUpAs("bob");
		const bob = () => storage.readSession(secretHash, 1);
		await bob();
		const { userId } = await signUp(storage, "ada");
		const token = { purpose: "undo", tokenHash: sha256("undo") };
		await storage.putToken({ ...token, subject: userId, lifetimeMs: 1, payload: null });
		const email = { value: "bob@example.com", canonical: "bob@example.com" };
		const change = { userId, token, email, undo: { since: 0 }, epoch: null, events: [] };
		expect((await bob())!.user.email).toBe("bob@Example.com");
		expect(await storage.changeEmail(change)).toBe("changed");
		expect((await bob())!.user.email).toBeNull();
	});

	it("forgets what clean-up deleted by a clock that had jumped", async () => {
		const { check } = await remembered();
		const before = now;
		now += 1000 * day;
		expect(await storage.deleteExpired(10)).toBeGreaterThan(0);
		now = before;
		expect(await check()).toBeNull();
	});

	it("asks the row once it cannot be known what others have written, and says what the matter is", async () => {
		const { check } = await remembered();
		await storage.close();
		await expect(check()).rejects.toMatchObject({ code: "store_unavailable" });
	});
});
