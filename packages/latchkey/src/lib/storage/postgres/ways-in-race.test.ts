import pg from "pg";
import { expect, it } from "vitest";
import { newPasskey, signUp } from "../contract/fixtures.ts";
import { asSuperuser, freshName, sharedServer } from "./fixtures/postgres-contract-store.ts";
import { openPostgres } from "./open-postgres.ts";

const identity = { issuer: "https://id.example", subject: "1", provider: "example" };

it.each(["the passkey first", "the identity first"])(
	"leaves one way in when the last passkey and the last identity go at the same moment: %s",
	async (order) => {
		const database = freshName();
		await asSuperuser((client) => client.query(`CREATE DATABASE ${database}`));
		const url = (await sharedServer()).replace(/\/postgres$/, `/${database}`);
		const storage = await openPostgres({ url });
		const barrier = new pg.Client(url);
		await barrier.connect();
		const passkey = newPasskey("");
		const { userId, session } = await signUp(storage, "ada", { password: null, identities: [identity], passkey });

		// Both have begun, and so have seen the other's way in, before either may go on.
		await barrier.query("BEGIN");
		await barrier.query("SELECT FROM latchkey_user WHERE id = $1 FOR NO KEY UPDATE", [userId]);
		await barrier.query("SELECT FROM latchkey_identity WHERE user_id = $1 FOR UPDATE", [userId]);
		const kept = { userId, keepSessionId: session!.id };
		const usable = { usableProviders: ["example"], events: [] };
		const ways = [
			() => storage.removePasskey({ ...kept, id: passkey.id, ...usable }),
			() => storage.unlinkIdentity({ ...kept, ...identity, ...usable }),
		];
		const answers: Promise<string | number>[] = [];
		for (const go of order.startsWith("the passkey") ? ways : ways.toReversed()) {
			answers.push(go());
			const count =
				"SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = $1 AND wait_event_type = 'Lock'";
			await expect
				.poll(async () => (await asSuperuser((client) => client.query(count, [database]))).rows[0].count)
				.toBe(answers.length);
		}
		await barrier.query("COMMIT");

		expect(await Promise.all(answers)).toContain("last");
		const identities = await storage.listIdentities(userId);
		const passkeys = (await storage.readFactors(userId))!.passkeys;
		expect(identities.length + passkeys.length).toBe(1);
		await barrier.end();
		await storage.close();
	},
	30_000,
);
