import pg from "pg";
import { expect, it, onTestFinished } from "vitest";
import { minute, signUp } from "../contract/fixtures.ts";
import { asSuperuser, freshName, inSchema, sharedServer } from "./fixtures/postgres-contract-store.ts";
import { openPostgres } from "./open-postgres.ts";

const identity = { issuer: "https://id.example", subject: "1" };

it("[A23] lets nobody refresh tokens whose statement began before the one that got the right to, and waited behind it", async () => {
	const schema = freshName();
	const storage = await openPostgres({ url: inSchema(await sharedServer(), schema) });
	onTestFinished(() => storage.close());
	const { userId } = await signUp(storage, "ada", { identities: [{ ...identity, provider: "example" }] });
	const tokens = { ...identity, provider: "example", userId, label: null, sealed: "sealed", expiresInMs: 0 };
	await storage.keepProviderTokens(tokens);
	const first = new pg.Client(await sharedServer());
	await first.connect();
	onTestFinished(() => first.end());
	await first.query(`BEGIN; SELECT FROM ${schema}.latchkey_provider_token FOR UPDATE`);
	const late = storage.claimRefresh({ ...identity, version: 1, leaseMs: minute });
	const waiting = `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%"${schema}"%'`;
	await expect.poll(async () => (await asSuperuser((client) => client.query(waiting))).rowCount).toBe(1);
	// As the statement of whoever was first does, which began some milliseconds later.
	await first.query(`UPDATE ${schema}.latchkey_provider_token SET refreshing_until =
		floor(extract(epoch from clock_timestamp()) * 1000)::bigint + ${minute} + 10`);
	await first.query("COMMIT");
	expect(await late).toBe(false);
});
