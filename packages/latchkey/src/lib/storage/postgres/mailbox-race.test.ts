import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { newPasskey, newSession, newTotp, noFactors, nothingToSettle, sha256, signUp } from "../contract/fixtures.ts";
import type { CreateUser, Storage } from "../storage.ts";
import { asSuperuser, freshName, sharedServer } from "./fixtures/postgres-contract-store.ts";
import { openPostgres } from "./open-postgres.ts";

const canonical = "ada@example.com";
const identity = { issuer: "https://id.example", subject: "1", provider: "example" };
const tokenHash = sha256("link");
const [reset, back] = ["password-reset", "email-changed"].map((purpose) => ({ purpose, tokenHash }));

type Somebody = Awaited<ReturnType<typeof signUp>>;

/** What whoever holds the account adds at the very moment. */
const additions: Record<string, (storage: Storage, ada: Somebody) => Promise<unknown>> = {
	"an identity": (storage, { userId }) =>
		storage.linkIdentity({ userId, ...identity, label: null, verifiedEmail: null, epoch: 1, events: [] }),
	"a passkey": (storage, { userId }) =>
		storage.addPasskey({ passkey: newPasskey(userId), epoch: 1, limit: 9, events: [] }),
	"an app with recovery codes": (storage, { userId }) =>
		storage.addTotp(newTotp(userId, { recoveryCodeHashes: [sha256("code")] })),
	"a first password": (storage, { userId, session }) =>
		storage.addPassword({ userId, keepSessionId: session!.id, sealed: "theirs", events: [] }),
};

/** What a mailbox proves, and takes away. */
const proofs: Record<string, (storage: Storage, userId: string) => Promise<unknown>> = {
	"a first proof": (storage, userId) => storage.proveEmail({ userId, canonical, stranger: true, events: [] }),
	"a reset that is the first proof": (storage, userId) =>
		storage.resetPassword({ userId, canonical, token: reset!, sealed: "own", settle: nothingToSettle, events: [] }),
	"a change taken back": (storage, userId) =>
		storage.changeEmail({
			userId,
			token: back!,
			email: { value: canonical, canonical },
			undo: { since: 0 },
			epoch: null,
			events: [],
		}),
};

const pairs = Object.keys(proofs)
	.flatMap((proof) => Object.keys(additions).map((addition) => ({ proof, addition })))
	// A first password ends the links that one would be reset by.
	.filter(({ proof, addition }) => !(proof.startsWith("a reset") && addition === "a first password"));

describe("what a mailbox proves on PostgreSQL", { timeout: 30_000 }, () => {
	let database: string;
	let storage: Storage;
	let barrier: pg.Client;

	beforeEach(async () => {
		database = freshName();
		await asSuperuser((client) => client.query(`CREATE DATABASE ${database}`));
		const url = (await sharedServer()).replace(/\/postgres$/, `/${database}`);
		storage = await openPostgres({ url });
		barrier = new pg.Client(url);
		await barrier.connect();
	});
	afterEach(async () => {
		await barrier.end();
		await storage.close();
	});

	async function signUpAda(overrides: Partial<CreateUser>): Promise<Somebody> {
		const ada = await signUp(storage, "ada", overrides);
		for (const token of [reset!, back!]) {
			await storage.putToken({ ...token, subject: ada.userId, lifetimeMs: 60_000, payload: null });
		}
		return ada;
	}

	/** Lets them go on in this order, once each of them has begun and so has seen nothing of the others. */
	async function atOnce<T>(userId: string, calls: readonly (() => Promise<T>)[]): Promise<T[]> {
		await barrier.query("BEGIN");
		await barrier.query("SELECT FROM latchkey_user WHERE id = $1 FOR NO KEY UPDATE", [userId]);
		const answers: Promise<T>[] = [];
		for (const call of calls) {
			answers.push(call());
			await expect.poll(waiting).toBe(answers.length);
		}
		await barrier.query("COMMIT");
		return Promise.all(answers);
	}

	async function waiting(): Promise<number> {
		const text = "SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = $1 AND wait_event_type = 'Lock'";
		return (await asSuperuser((client) => client.query(text, [database]))).rows[0].count;
	}

	it.each(pairs)("[A1] [A2] $proof leaves nothing of $addition added at that moment", async ({ proof, addition }) => {
		const ada = await signUpAda({ password: null });
		const { userId } = ada;
		await atOnce(userId, [() => additions[addition]!(storage, ada), () => proofs[proof]!(storage, userId)]);

		const own = proof.startsWith("a reset") ? "own" : undefined;
		const found = await storage.findCredentialsOfUser(userId);
		expect(found?.password?.sealed).toBe(own);
		expect(found).toMatchObject({ factors: noFactors, user: { email: expect.anything() } });
		expect(found?.user.emailVerifiedAt).not.toBeNull();
		expect(await storage.listIdentities(userId)).toEqual([]);
		expect(await storage.readFactors(userId)).toMatchObject({ totp: null, passkeys: [], recoveryCodes: 0 });
		expect(await storage.listSessions(userId, { limit: 9 })).toEqual([]);
		const late = newSession(userId, { epoch: found!.user.epoch - 1 });
		expect(
			await storage.createSession({ session: late, replaces: null, settle: nothingToSettle, events: [] }),
		).toBeNull();
	});

	it("[A1] links an account elsewhere by an address that is another one by then to nobody", async () => {
		const { userId } = await signUpAda({});
		await storage.proveEmail({ userId, canonical, stranger: false, events: [] });
		const other = { value: "other@example.com", canonical: "other@example.com" };
		const of = { userId, ...identity, label: null, verifiedEmail: canonical, epoch: null, events: [] };
		const answers = await atOnce<string>(userId, [
			() => storage.changeEmail({ userId, token: back!, email: other, undo: { since: 0 }, epoch: null, events: [] }),
			() => storage.linkIdentity(of),
		]);
		expect(answers).toEqual(["changed", "gone"]);
		expect(await storage.listIdentities(userId)).toEqual([]);
	});
});
