import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { ada, signedUp, testSecret } from "../../test/harness.ts";
import { everyRow, type InstrumentedAuth, openInstrumented, rows } from "../../test/instruments.ts";
import { deriveKeyRing } from "../lib/crypto/keys.ts";
import { seal } from "../lib/crypto/sealing.ts";

const signInAsAda = { email: ada.email, password: ada.password };

describe("a thousand sign-ins at once", () => {
	it("[A38] hash as many as the pool allows, keep a bounded line waiting and send the rest away at once", async () => {
		const auth = await openInstrumented({}, { pool: { concurrency: 2, queueLimit: 128 } });
		await signedUp(auth);
		const release = holdHashes(auth);
		const started = Array.from({ length: 1000 }, (_, index) => signIn(auth, `person${index}@example.com`));
		const sentAway = await Promise.all(await firstSettled(started, 1000 - 2 - 128));
		expect(auth.pool.hashes).toBe(2);
		for (const { status, headers, body } of sentAway) {
			expect(status).toBe(503);
			expect(body).toEqual({ error: "Busy, please try again in a moment", code: "busy", retryAfter: 5 });
			expect(headers.get("retry-after")).toBe("5");
		}
		release();
		const answers = await Promise.all(started);
		expect(answers.filter(({ status }) => status === 401)).toHaveLength(130);
		expect(answers.filter(({ status }) => status === 503)).toHaveLength(870);
		expect(auth.pool.mostAtOnce).toBe(2);
		// The next ones are served as if nothing had been.
		expect((await auth.browser().post("/api/auth", signInAsAda)).status).toBe(200);
	});

	it("[A38] leave everybody else served: who is signed in, refresh, the list of devices, sign-out", async () => {
		const auth = await openInstrumented({}, { pool: { concurrency: 1, queueLimit: 128 } });
		const browser = await signedUp(auth);
		const release = holdHashes(auth);
		const started = Array.from({ length: 200 }, (_, index) => signIn(auth, `person${index}@example.com`));
		await firstSettled(started, 200 - 129);
		// All of these are answered while not one hash can end.
		expect((await browser.get("/api/auth")).body.authenticated).toBe(true);
		expect((await browser.post("/api/auth/refresh")).status).toBe(200);
		expect((await browser.get("/api/auth/sessions")).status).toBe(200);
		expect((await browser.delete("/api/auth")).status).toBe(200);
		release();
		await Promise.all(started);
	});

	it("count no busy answer as a failed attempt", async () => {
		const auth = await openInstrumented({}, { pool: { concurrency: 1, queueLimit: 1 } });
		await signedUp(auth);
		const release = holdHashes(auth);
		const started = Array.from({ length: 3 }, (_, index) => signIn(auth, `person${index}@example.com`));
		await firstSettled(started, 1);
		for (let attempt = 0; attempt < 15; attempt++) {
			expect((await auth.browser().post("/api/auth", signInAsAda)).status).toBe(503);
		}
		release();
		await Promise.all(started);
		expect((await auth.browser().post("/api/auth", signInAsAda)).status).toBe(200);
	});

	it("[A38] hold sign-up and password change to the same line", async () => {
		const auth = await openInstrumented({}, { pool: { concurrency: 1, queueLimit: 1 } });
		const browser = await signedUp(auth);
		const release = holdHashes(auth);
		const started = Array.from({ length: 3 }, (_, index) => signIn(auth, `person${index}@example.com`));
		await firstSettled(started, 1);
		const before = everyRow(auth);
		const signUp = await auth.browser().post("/api/auth/sign-up", { ...ada, email: "bob@example.com" });
		expect(signUp).toMatchObject({ status: 503, body: { code: "busy" } });
		expect(everyRow(auth)).toBe(before);
		const change = { currentPassword: ada.password, newPassword: "another horse staple" };
		expect(await browser.put("/api/auth/password", change)).toMatchObject({ status: 503, body: { code: "busy" } });
		const trusted = await auth.signIn({ headers: new Headers() }, { email: "eve@example.com", password: "x" });
		expect(trusted).toEqual({ ok: false, code: "busy", retryAfterSeconds: 5 });
		release();
		await Promise.all(started);
	});
});

describe("a request that is made to be expensive", () => {
	const megabyte = "x".repeat(1_000_000);
	const big: readonly [what: string, path: string, body: object, status: number][] = [
		["a password of 1 MB at sign-in", "/api/auth", { ...signInAsAda, password: megabyte }, 413],
		["a password of 1 MB at sign-up", "/api/auth/sign-up", { ...ada, password: megabyte }, 413],
		["a password of 60,000 characters at sign-in", "/api/auth", { ...signInAsAda, password: "x".repeat(60_000) }, 422],
		["a password of 60,000 characters at sign-up", "/api/auth/sign-up", { ...ada, password: "x".repeat(60_000) }, 422],
		["a password of 257 characters at sign-up", "/api/auth/sign-up", { ...ada, password: `${"xy".repeat(128)}z` }, 422],
		["a password that grows in NFC", "/api/auth/sign-up", { ...ada, password: "\u0390".repeat(20_000) }, 422],
		[
			"an address of 10,000 characters at sign-in",
			"/api/auth",
			{ email: `${"x".repeat(1e4)}@a.io`, password: "x" },
			422,
		],
		[
			"an address of 10,000 characters at sign-up",
			"/api/auth/sign-up",
			{ ...ada, email: `${"x".repeat(1e4)}@a.io` },
			422,
		],
		["a user name of 10,000 characters", "/api/auth/sign-up", { ...ada, username: "x".repeat(10_000) }, 422],
		["a name of 10,000 characters", "/api/auth/sign-up", { ...ada, name: "x".repeat(10_000) }, 422],
		[
			"ten thousand fields",
			"/api/auth",
			Object.fromEntries(Array.from({ length: 7_000 }, (_, i) => [`f${i}`, 1])),
			413,
		],
	];

	it.each(big)("[A38] costs no hash and leaves no trace: %s", async (_what, path, body, status) => {
		const auth = await openInstrumented();
		const before = everyRow(auth);
		const answer = await auth.browser().post(path, body);
		expect(answer.status).toBe(status);
		expect(auth.pool.hashes).toBe(0);
		expect(everyRow(auth)).toBe(before);
	});

	const deep: readonly [what: string, body: string][] = [
		["arrays", `{"email":${"[".repeat(20_000)}${"]".repeat(20_000)}}`],
		["objects", `${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`],
		["brackets that never close", "[".repeat(60_000)],
		["17 levels", `${'{"a":'.repeat(17)}1${"}".repeat(17)}`],
	];

	it.each(deep)("[A38] is refused when its JSON is nested too deep: %s", async (_what, body) => {
		const auth = await openInstrumented();
		for (const path of ["/api/auth", "/api/auth/sign-up"]) {
			const answer = await auth.browser().post(path, body);
			expect(answer).toMatchObject({ status: 400, body: { code: "invalid_json" } });
		}
	});

	it("[A38] is read no further than the limit when its body has no end", async () => {
		const auth = await openInstrumented();
		let sent = 0;
		const body = new ReadableStream<Uint8Array>({
			pull(controller) {
				sent += 4096;
				controller.enqueue(new Uint8Array(4096).fill(0x20));
			},
		});
		const headers = { "content-type": "application/json", "content-length": "2" };
		const init: RequestInit & { duplex: "half" } = { method: "POST", headers, body, duplex: "half" };
		const response = await auth.handle(new Request("http://localhost:3000/api/auth", init));
		expect(response.status).toBe(413);
		expect(sent).toBeLessThan(128 * 1024);
	});

	it("[A38] is not one that somebody else's header made: 10,000 entries, cookies and parameters are read in passing", async () => {
		const auth = await openInstrumented();
		const browser = await signedUp(auth);
		const token = browser.cookies.get("session")!;
		const headers = {
			cookie: `${"a=b; ".repeat(10_000)}session=${token}`,
			"x-forwarded-for": "203.0.113.9, ".repeat(10_000),
			"user-agent": "x".repeat(100_000),
		};
		const answer = await browser.get(`/api/auth/user?${"a=b&".repeat(10_000)}`, headers);
		expect(answer.status).toBe(200);
		await browser.post("/api/auth", signInAsAda, headers);
		const [session] = rows(auth, "SELECT user_agent FROM latchkey_session ORDER BY id DESC");
		expect(String(session!.user_agent).length).toBe(256);
	});
});

describe("a hostile hash that was brought into the database", () => {
	it.each([
		"$argon2id$v=19$m=99999999,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=19456,t=999,p=1$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=19456,t=2,p=999$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"$argon2i$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"$2b$31$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		"correct horse battery",
		"",
	])("[A38] is never computed, and answered as a wrong password: %s", async (hostile) => {
		const auth = await openInstrumented();
		const browser = await signedUp(auth);
		const { user } = (await browser.get("/api/auth")).body;
		const sealed = seal(deriveKeyRing([testSecret], "password"), `password:${user.id}`, hostile);
		const database = new DatabaseSync(auth.file);
		database.prepare("UPDATE latchkey_password SET sealed = ?").run(sealed);
		database.close();
		const answer = await auth.browser().post("/api/auth", signInAsAda);
		expect(answer).toMatchObject({ status: 401, body: { code: "invalid_credentials" } });
	});
});

function signIn(auth: InstrumentedAuth, email: string) {
	return auth.browser().post("/api/auth", { email, password: "some password" });
}

/** No hash ends until the returned function is called. */
function holdHashes({ pool }: InstrumentedAuth): () => void {
	const { promise, resolve } = Promise.withResolvers<void>();
	pool.gate = promise;
	pool.hashes = 0;
	pool.mostAtOnce = 0;
	return resolve;
}

/** Waits until so many have settled, and answers with them. */
function firstSettled<Value>(promises: Promise<Value>[], count: number): Promise<Value[]> {
	const settled: Value[] = [];
	return new Promise((resolve, reject) => {
		for (const promise of promises) {
			promise.then((value) => {
				if (settled.push(value) === count) resolve([...settled]);
			}, reject);
		}
	});
}
