import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
	counter,
	minute,
	newEvent,
	newPasskey,
	newTotp,
	newUser,
	nothingToSettle,
	sha256,
	signIn,
} from "../contract/fixtures.ts";
import type { Storage } from "../storage.ts";
import { asSuperuser, freshName, inSchema, sharedServer } from "./fixtures/postgres-contract-store.ts";
import { openPostgres } from "./open-postgres.ts";

describe("statements of the PostgreSQL store", { timeout: 60_000 }, () => {
	let schema: string;
	let storage: Storage;
	let executed: string[];

	beforeEach(async () => {
		schema = freshName();
		executed = [];
		storage = await openPostgres({
			url: inSchema(await sharedServer(), schema),
			onStatement: (sql) => executed.push(sql),
		});
	});
	afterEach(() => storage.close());

	it("are one for every operation, whatever it does, but the upkeep's four", async () => {
		const counts = new Map<string, number>();
		const counted = new Proxy(storage, {
			get:
				(target, name: keyof Storage) =>
				async (...args: unknown[]) => {
					executed = [];
					const answer = await (target[name] as (...args: unknown[]) => Promise<unknown>)(...args);
					counts.set(name, Math.max(counts.get(name) ?? 0, executed.length));
					return answer;
				},
		});
		await callEverything(counted);
		const { deleteExpired, ...others } = Object.fromEntries(counts);
		expect(deleteExpired).toBe(4);
		expect(Object.keys(others)).toHaveLength(36);
		expect(Object.entries(others).filter(([, count]) => count !== 1)).toEqual([]);
	});

	it("find every row by an index, so that a million users are as fast as a thousand", async () => {
		await callEverything(storage);
		const statements = [...new Set(executed)];
		expect(statements.length).toBeGreaterThan(28);
		await fillTables();
		const scans = await asSuperuser(async (client) => {
			const found: { sql: string; line: string }[] = [];
			for (const sql of statements) {
				// The plan for any parameters, which is what a prepared statement ends up with.
				const { rows } = await client.query<{ "QUERY PLAN": string }>(`EXPLAIN (GENERIC_PLAN) ${sql}`);
				const lines = rows
					.map((row) => row["QUERY PLAN"])
					.filter((line) => /Seq Scan on latchkey_(?!migration)/.test(line));
				found.push(...lines.map((line) => ({ sql, line })));
			}
			return found;
		});
		expect(scans).toEqual([]);
	});

	/** Enough rows, past the port, that reading a whole table would never look cheap. */
	async function fillTables(): Promise<void> {
		await asSuperuser((client) =>
			client.query(`SET search_path TO ${schema};
				INSERT INTO latchkey_user SELECT 'u' || i, null, 1, 0, 0 FROM generate_series(1, 20000) AS i;
				INSERT INTO latchkey_identifier SELECT 'u' || i, 'email', i, i, null, 0 FROM generate_series(1, 20000) AS i;
				INSERT INTO latchkey_password SELECT 'u' || i, 'x', 1, 0 FROM generate_series(1, 20000) AS i;
				INSERT INTO latchkey_identity SELECT 'i', i, 'u' || i, 0 FROM generate_series(1, 20000) AS i;
				INSERT INTO latchkey_session SELECT i, decode(md5(i::text), 'hex'), 'u' || (i % 20000 + 1), 1, 1, 0, 0, null, i, i,
					4000000000000 + i, 4000000000000, 0, '[]', 'aal1', null, null, CASE WHEN i % 10 = 0 THEN 4000000000000 + i END
					FROM generate_series(1, 40000) AS i;
				INSERT INTO latchkey_one_time_token SELECT 'p', decode(md5(i::text), 'hex'), i, '{}', 0, 4000000000000 + i
					FROM generate_series(1, 20000) AS i;
				INSERT INTO latchkey_throttle SELECT i, 1, 1, 1, 1, 1, 1, 1, 1, 4000000000000 + i FROM generate_series(1, 20000) AS i;
				INSERT INTO latchkey_audit_event SELECT i, 't', i, 'u' || (i % 20000), null, null, null, null
					FROM generate_series(1, 40000) AS i;
				INSERT INTO latchkey_totp SELECT 'u' || i, 'x', 0, 0, null FROM generate_series(1, 20000) AS i;
				INSERT INTO latchkey_recovery_code SELECT 'u' || i, decode(md5(i::text), 'hex'), 0, 0
					FROM generate_series(1, 20000) AS i;
				INSERT INTO latchkey_passkey SELECT i, 'u' || i, i, 'x', 0, '[]', 'x', 0, 0, 'x', 0, null
					FROM generate_series(1, 20000) AS i;
				ANALYZE`),
		);
	}
});

/** Calls the port so that every statement that it has is executed. */
async function callEverything(storage: Storage): Promise<void> {
	const identities = [{ issuer: "i", subject: "s" }];
	const input = newUser("ada", { identities, events: [newEvent()], replaces: { sessionId: randomUUID() } });
	const { id: userId, session } = input;
	const sessionId = session!.id;
	await storage.createUser(input);
	await storage.readSession(session!.secretHash);
	await storage.createSession({ ...signIn(userId), settle: { clear: ["a"], giveBack: ["b"] } });
	await storage.recordSight({ sessionId, generation: 1 });
	await storage.advanceGeneration({ sessionId, generation: 1, graceMs: 0 });
	await storage.touchSessions([{ sessionId, at: 0, idleMs: 1 }]);
	await storage.listSessions(userId, { limit: 1 });
	await storage.listSessions(userId, { limit: 1, before: sessionId });
	await storage.endOtherSessions({ userId, keepSessionId: sessionId, events: [] });
	await storage.endSession({ userId, sessionId, events: [] });
	await storage.endAllSessions({ userId, events: [] });
	await storage.findCredentials({ kind: "email", canonical: "ada@example.com" });
	await storage.findCredentialsOfUser(userId);
	await storage.findUserByIdentity(identities[0]!);
	await storage.updateUser({ userId, username: { value: "x", canonical: "x" }, events: [] });
	await storage.updateUser({ userId, username: null, events: [] });
	await storage.resealPassword({ userId, version: 1, from: "$sealed$ada", to: "resealed" });
	const next = { ...session!, id: randomUUID(), secretHash: sha256("next") };
	await storage.changePassword({
		userId,
		version: 1,
		sealed: "new",
		session: next,
		settle: nothingToSettle,
		events: [],
	});
	await storage.exportUser(userId);
	await storage.increment([counter("a"), counter("b")]);
	await storage.putToken({ purpose: "p", subject: userId, tokenHash: sha256("t"), lifetimeMs: minute, payload: null });
	await storage.consumeToken({ purpose: "p", tokenHash: sha256("t") });
	await storage.appendEvents([newEvent()]);
	await storage.listEvents(userId, { limit: 1 });
	await storage.listEvents(userId, { limit: 1, before: "x" });
	await callFactors(storage, userId);
	await storage.deleteUser({ userId, pseudonym: "p", events: [] });
	await storage.deleteExpired(1);
	await storage.ping();
}

async function callFactors(storage: Storage, userId: string): Promise<void> {
	const passkey = newPasskey(userId);
	await storage.addPasskey({ passkey, limit: 5, events: [] });
	await storage.findPasskey(passkey.credentialId);
	await storage.recordPasskeyUse({ id: passkey.id, counter: 1, backedUp: true });
	await storage.renamePasskey({ userId, id: passkey.id, name: "x" });
	const { user } = (await storage.findCredentialsOfUser(userId))!;
	const session = await storage.addTotp(newTotp(userId, { epoch: user.epoch, recoveryCodeHashes: [sha256("c")] }));
	const change = { userId, keepSessionId: session!.id, events: [] };
	await storage.recordTotpUse({ userId, sealed: "$sealed$totp", step: 1001, resealed: null });
	await storage.replaceRecoveryCodes({ userId, codeHashes: [sha256("c")], events: [] });
	await storage.consumeRecoveryCode({ userId, codeHash: sha256("c") });
	await storage.switchSecondStep({ ...change, on: true });
	await storage.readFactors(userId);
	await storage.removeTotp(change);
	await storage.removePasskey({ ...change, id: passkey.id });
}
