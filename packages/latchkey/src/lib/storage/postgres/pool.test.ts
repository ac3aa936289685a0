import { expect, it, onTestFinished } from "vitest";
import { sharedServer } from "./fixtures/postgres-contract-store.ts";
import { createPool } from "./pool.ts";

it("plans each statement once, and not for every execution anew", async () => {
	expect(await planCacheMode({})).toBe("force_generic_plan");
});

it("asks nothing of a pooler that it might refuse", async () => {
	expect(await planCacheMode({ statementTimeoutMs: null })).toBe("auto");
});

it("leaves what the address says to its owner", async () => {
	expect(await planCacheMode({ parameters: "?options=-c%20plan_cache_mode%3Dforce_custom_plan" })).toBe(
		"force_custom_plan",
	);
});

async function planCacheMode({
	parameters = "",
	statementTimeoutMs = 5000,
}: {
	parameters?: string;
	statementTimeoutMs?: number | null;
}): Promise<unknown> {
	const connectionString = `${await sharedServer()}${parameters}`;
	const pool = await createPool({ connectionString, max: 1, connectTimeoutMs: 5000, statementTimeoutMs });
	onTestFinished(() => pool.end());
	const client = await pool.connect();
	const { rows } = await client.query({ text: "SHOW plan_cache_mode" });
	client.release();
	return (rows as { plan_cache_mode: string }[])[0]!.plan_cache_mode;
}
