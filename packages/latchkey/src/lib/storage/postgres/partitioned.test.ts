import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it, onTestFinished } from "vitest";
import { callEverything } from "../contract/call-everything.ts";
import { expectNothingHalf, prepareWrite, write, writeKinds } from "../contract/every-write.ts";
import { newEvent, signIn, signUp } from "../contract/fixtures.ts";
import { storageContract } from "../contract/storage-contract.ts";
import type { RaceStore } from "../contract/storage-races.ts";
import { makePastSchema } from "../migrations/fixtures/past.ts";
import { migrations } from "../migrations/migrations.ts";
import {
	asSuperuser,
	freshName,
	inSchema,
	openContractStore,
	sharedServer,
} from "./fixtures/postgres-contract-store.ts";
import { openPostgres } from "./open-postgres.ts";

const statements = readFileSync(new URL("../../../../../../docs/partitioned.sql", import.meta.url), "utf8");

let partitioned: Promise<string> | undefined;

/** The tables of this test file, partitioned as docs/partitioned.sql says. The partitions have a schema of their own. */
async function openPartitioned(options: { clock?: () => number } = {}): Promise<RaceStore> {
	const store = await openContractStore(options);
	partitioned ??= partition(store);
	await partitioned;
	return store;
}

async function partition({ target, storage }: RaceStore): Promise<string> {
	const schema = new URL(target).searchParams.get("schema")!;
	const parts = freshName();
	// What is there already comes along.
	const { userId } = await signUp(storage, "from before");
	await storage.appendEvents([newEvent({ userId })]);
	await asSuperuser((client) =>
		client.query(`BEGIN; SET LOCAL search_path TO ${schema};
			${statements.replaceAll("latchkey_parts", parts)}; COMMIT`),
	);
	expect(await storage.listSessions(userId, { limit: 10 })).toHaveLength(1);
	expect(await storage.listEvents(userId, { limit: 10 })).toHaveLength(1);
	await storage.deleteUser({ userId, pseudonym: "p", events: [] });
	await asSuperuser((client) => client.query(`DELETE FROM ${schema}.latchkey_audit_event`));
	return parts;
}

storageContract("PostgreSQL with partitioned tables", openPartitioned);

describe("partitioned tables", () => {
	it("serve every operation there is, and are opened again as they are", async () => {
		const { target, cleanup } = await openPartitioned();
		onTestFinished(cleanup);
		const storage = await openPostgres({ url: target, migrate: "never" });
		onTestFinished(() => storage.close());
		await callEverything(storage);
		for (const kind of writeKinds) {
			const attempt = await prepareWrite(storage, kind);
			expect(await expectNothingHalf(storage, [await write(storage, attempt)]), kind).toBe(1);
		}
	});

	it("are migrated as others are", async () => {
		const schema = freshName();
		const known = migrations.filter(({ version }) => version < 8);
		const then = statements
			.replaceAll("latchkey_parts", freshName())
			.replace(
				"latchkey_session_sweep ON latchkey_session (sweep_at)",
				"latchkey_session_expiry ON latchkey_session (idle_expires_at)",
			);
		await asSuperuser(async (client) => {
			await client.query(`CREATE SCHEMA ${schema}; SET search_path TO ${schema}`);
			await makePastSchema(client, known);
			await client.query(`BEGIN; ${then}; COMMIT`);
		});
		const storage = await openPostgres({ url: inSchema(await sharedServer(), schema) });
		onTestFinished(() => storage.close());
		await callEverything(storage);
		const { rows } = await asSuperuser((client) =>
			client.query<{ name: string }>(
				"SELECT indexname AS name FROM pg_indexes WHERE schemaname = $1 AND tablename = 'latchkey_session'",
				[schema],
			),
		);
		expect(rows.map(({ name }) => name)).toContain("latchkey_session_sweep");
		expect(rows.map(({ name }) => name)).not.toContain("latchkey_session_expiry");
	});

	it("take rows in all their partitions, and give back each of them", async () => {
		const store = await openPartitioned();
		onTestFinished(store.cleanup);
		const { userId } = await signUp(store.storage, "ada");
		for (let count = 0; count < 60; count++) await store.storage.createSession(signIn(userId));
		expect(await store.storage.listSessions(userId, { limit: 100 })).toHaveLength(61);
		for (const at of [Date.UTC(2025, 5), Date.UTC(2026, 5), Date.UTC(2027, 5)]) {
			const time = at.toString(16).padStart(12, "0");
			const id = `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${randomUUID().slice(24)}`;
			await store.storage.appendEvents([newEvent({ id, userId })]);
		}
		expect(await store.storage.listEvents(userId, { limit: 10 })).toHaveLength(3);
		const counts = await rowsOf(await partitioned!);
		const filled = (prefix: string) => counts.filter(({ name, rows }) => name.startsWith(prefix) && rows > 0).length;
		expect([filled("session_"), filled("audit_event_")]).toEqual([8, 3]);
	});

	async function rowsOf(parts: string): Promise<{ name: string; rows: number }[]> {
		return asSuperuser(async (client) => {
			const { rows } = await client.query<{ name: string }>(
				"SELECT tablename AS name FROM pg_tables WHERE schemaname = $1",
				[parts],
			);
			const counted: { name: string; rows: number }[] = [];
			for (const { name } of rows) {
				const answer = await client.query<{ rows: number }>(`SELECT count(*)::int AS rows FROM ${parts}.${name}`);
				counted.push({ name, rows: answer.rows[0]!.rows });
			}
			return counted;
		});
	}

	it("lose no token that is good to the clean-up of those that are not, though rows of two partitions share their places", async () => {
		const { storage, cleanup } = await openPartitioned();
		onTestFinished(cleanup);
		const put = (name: string, lifetimeMs: number) => {
			const tokenHash = new TextEncoder().encode(name);
			return storage.putToken({ purpose: "p", subject: name, tokenHash, lifetimeMs, payload: null });
		};
		for (let count = 0; count < 20; count++) {
			await put(`good ${count}`, 60_000);
			await put(`expired ${count}`, -1);
		}
		while ((await storage.deleteExpired(100)) > 0);
		for (let count = 0; count < 20; count++) {
			const tokenHash = new TextEncoder().encode(`good ${count}`);
			expect(await storage.consumeToken({ purpose: "p", tokenHash }), `${count}`).not.toBeNull();
		}
	});
});
