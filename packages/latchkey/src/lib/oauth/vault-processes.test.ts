import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { testSecret } from "../../../test/harness.ts";
import { openWithProvider, signInAt } from "../../../test/oauth-harness.ts";
import { freshName, inSchema, sharedServer } from "../storage/postgres/fixtures/postgres-contract-store.ts";
import type { VaultJob } from "./fixtures/vault-process.ts";
import type { ProviderTokenResult } from "./token-vault.ts";

const program = fileURLToPath(new URL("fixtures/vault-process.ts", import.meta.url));
const children: ChildProcess[] = [];

afterEach(() => {
	for (const child of children.splice(0)) child.kill("SIGKILL");
});

async function start(job: VaultJob): Promise<ChildProcess> {
	const env = { ...process.env, NODE_OPTIONS: "" };
	const child = fork(program, [JSON.stringify(job)], { execArgv: ["--no-warnings"], env, stdio: "inherit" });
	children.push(child);
	await once(child, "message");
	return child;
}

async function ask(asked: readonly ChildProcess[]): Promise<ProviderTokenResult[]> {
	const at = Date.now() + 50;
	const answers = asked.map(async (child) => {
		child.send(at);
		const [answer] = await once(child, "message");
		return answer as ProviderTokenResult;
	});
	return Promise.all(answers);
}

const databases = [
	["SQLite", async (file: string) => `file:${file}`],
	["PostgreSQL", async () => inSchema(await sharedServer(), freshName())],
] as const;

describe.each(databases)("processes that need the same tokens, on %s", (name, databaseOf) => {
	/** Somebody whose access token has expired. */
	async function prepare() {
		const options = name === "SQLite" ? {} : { database: await databaseOf("") };
		const { auth, fake } = await openWithProvider(options);
		const browser = auth.browser();
		await signInAt(fake, browser);
		const { user } = (await browser.get("/api/auth")).body;
		auth.clock.advance({ hours: 2 });
		fake.requests.length = 0;
		const database = options.database ?? (await databaseOf(auth.file));
		const job = { database, secret: testSecret, issuer: fake.issuer, userId: user.id, now: auth.clock() };
		const refreshes = () => fake.requests.filter((request) => request === "POST /token").length;
		return { auth, fake, job, refreshes };
	}

	it("make one refresh and get one token, of a provider that rotates", async () => {
		const { job, fake, refreshes } = await prepare();
		const three = await Promise.all([1, 2, 3].map(() => start(job)));
		const answers = await ask(three);
		expect(refreshes()).toBe(1);
		expect(answers[0]).toMatchObject({ ok: true });
		for (const answer of answers) expect(answer).toEqual(answers[0]);
		if (answers[0]?.ok) expect(fake.holderOf(`Bearer ${answers[0].accessToken}`)).not.toBeNull();
	});

	it("go on when the one that refreshes is killed: its lease runs out, and no token is lost", async () => {
		const { job, fake, refreshes } = await prepare();
		const reached = Promise.withResolvers<void>();
		const killed = Promise.withResolvers<void>();
		fake.mischief.beforeToken = async () => {
			reached.resolve();
			await killed.promise;
			throw new Error("nobody waits for this answer any more");
		};
		const [victim, heir] = await Promise.all([start(job), start({ ...job, now: job.now + 15_001 })]);
		victim.send(0);
		await reached.promise;
		victim.kill("SIGKILL");
		await once(victim, "exit");
		delete fake.mischief.beforeToken;
		killed.resolve();
		const [answer] = await ask([heir]);
		expect(answer).toMatchObject({ ok: true });
		expect(refreshes()).toBe(2);
	});

	it("hold nothing by a clock that went back", async () => {
		const { auth, job, refreshes } = await prepare();
		const { storage } = await auth.engine();
		const identity = { issuer: job.issuer, subject: "ada-1" };
		auth.clock.advance({ hours: 1 });
		expect(await storage.claimRefresh({ ...identity, version: 1, leaseMs: 15_000 })).toBe(true);
		const [answer] = await ask([await start(job)]);
		expect(answer).toMatchObject({ ok: true });
		expect(refreshes()).toBe(1);
	});
});
