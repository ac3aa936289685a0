import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { openBeside, testSecret } from "../../../test/harness.ts";
import { gate } from "../../../test/instruments.ts";
import { begin, comeBack, oidcAt, openWithProvider, signInAt } from "../../../test/oauth-harness.ts";
import { freshName, inSchema, sharedServer } from "../storage/postgres/fixtures/postgres-contract-store.ts";
import type { TestBrowser } from "../testing/test-browser.ts";
import { requireProvider } from "./providers.ts";
import { openTokens, providerToken } from "./token-vault.ts";

const as = (browser: TestBrowser) => ({ headers: new Headers({ cookie: browser.cookieHeader() }) });

const databases = [
	["SQLite", async () => ({})],
	["PostgreSQL", async () => ({ database: inSchema(await sharedServer(), freshName()) })],
] as const;

describe.each(databases)("provider tokens on %s", (name, database) => {
	async function signedIn() {
		const opened = await openWithProvider(await database());
		const browser = opened.auth.browser();
		await signInAt(opened.fake, browser);
		return { ...opened, browser };
	}

	/** Two instances whose tokens have expired, and a provider where refreshing them waits at a gate. */
	async function twoThatRefresh() {
		const options = await database();
		const opened = await openWithProvider(options);
		const browser = opened.auth.browser();
		await signInAt(opened.fake, browser);
		const other = openBeside(opened.auth, { methods: [oidcAt(opened.fake)], ...options });
		opened.auth.clock.advance({ hours: 2 });
		const refresh = gate();
		opened.fake.mischief.beforeToken = () => refresh.pass();
		return { ...opened, browser, other, refresh };
	}

	it("are handed to the server, and refreshed before they expire", async () => {
		const { auth, fake, browser } = await signedIn();
		const first = await auth.readProviderToken(as(browser), "example");
		if (!first.ok) throw new Error(first.code);
		expect(fake.holderOf(`Bearer ${first.accessToken}`)).toMatchObject({ sub: "ada-1" });
		expect(first.scope).toBe("openid email profile");
		expect(await auth.readProviderToken(as(browser), "example")).toEqual(first);
		auth.clock.advance({ minutes: 59, seconds: 30 });
		const second = await auth.readProviderToken(as(browser), "example");
		expect(second).toMatchObject({ ok: true });
		expect(second).not.toEqual(first);
	});

	it("[A41] are stored sealed, all three, and open for the identity alone that they are of", async () => {
		const { auth, fake, browser } = await signedIn();
		const given: string[] = [];
		fake.mischief.token = (answer) => {
			given.push(...["access_token", "refresh_token", "id_token"].map((name) => String(answer[name])));
			return answer;
		};
		auth.clock.advance({ hours: 2 });
		const token = await auth.readProviderToken(as(browser), "example");
		expect(given).toHaveLength(3);
		expect(token.ok && token.accessToken).toBe(given[0]);
		const engine = await auth.engine();
		const { user } = (await browser.get("/api/auth")).body;
		const record = (await engine.storage.findProviderTokens({ userId: user.id, provider: "example" }))!;
		expect(given.filter((text) => record.sealed!.includes(text))).toEqual([]);
		expect(openTokens(engine, record, record.sealed)).toMatchObject({ accessToken: given[0], refreshToken: given[1] });
		expect(openTokens(engine, { ...record, subject: "somebody-else" }, record.sealed)).toBeNull();
		if (name !== "SQLite") return;
		const stored = [auth.file, `${auth.file}-wal`].filter(existsSync).map((file) => readFileSync(file, "latin1"));
		// A long value goes on elsewhere in the file: its beginning is in one piece.
		expect(stored.join().includes(record.sealed!.slice(0, 30))).toBe(true);
		expect(given.filter((text) => stored.join().includes(text.slice(0, 30)))).toEqual([]);
	});

	it("are refreshed once for four who ask at once, of a provider that rotates", async () => {
		const { auth, fake, browser } = await signedIn();
		auth.clock.advance({ hours: 2 });
		fake.requests.length = 0;
		const answers = await Promise.all([1, 2, 3, 4].map(() => auth.readProviderToken(as(browser), "example")));
		expect(fake.requests.filter((request) => request === "POST /token")).toHaveLength(1);
		for (const answer of answers) expect(answer).toEqual(answers[0]);
		expect(answers[0]).toMatchObject({ ok: true });
	});

	it("are refreshed once for four instances that ask at once", async () => {
		const options = await database();
		const { auth, fake } = await openWithProvider(options);
		const browser = auth.browser();
		await signInAt(fake, browser);
		const instances = [1, 2, 3].map(() => openBeside(auth, { methods: [oidcAt(fake)], ...options }));
		auth.clock.advance({ hours: 2 });
		fake.requests.length = 0;
		const asked = [auth, ...instances].map((instance) => instance.readProviderToken(as(browser), "example"));
		const answers = await Promise.all(asked);
		expect(fake.requests.filter((request) => request === "POST /token")).toHaveLength(1);
		for (const answer of answers) expect(answer).toEqual(answers[0]);
		expect(answers[0]).toMatchObject({ ok: true });
	});

	it("are a value when the person took the grant back, until they come again", async () => {
		const { auth, fake, browser } = await signedIn();
		fake.revokeAll();
		auth.clock.advance({ hours: 2 });
		const gone = { ok: false, code: "reconnect_required" };
		expect(await auth.readProviderToken(as(browser), "example")).toEqual(gone);
		fake.requests.length = 0;
		expect(await auth.readProviderToken(as(browser), "example")).toEqual(gone);
		expect(fake.requests).toEqual([]);
		await comeBack(browser, fake.authorize(await begin(browser)));
		expect(await auth.readProviderToken(as(browser), "example")).toMatchObject({ ok: true });
	});

	it("stay what they are when the provider is out of reach, and work once it is back", async () => {
		const { auth, fake, browser } = await signedIn();
		auth.clock.advance({ hours: 2 });
		fake.paths.set("/token", () => ({ status: 503, body: {} }));
		const away = { code: "provider_unavailable" };
		await expect(auth.readProviderToken(as(browser), "example")).rejects.toMatchObject(away);
		fake.paths.clear();
		expect(await auth.readProviderToken(as(browser), "example")).toMatchObject({ ok: true });
	});

	it("are lost with an answer that never came, where the provider forgives no second use: then it is a value", async () => {
		const { auth, fake, browser } = await signedIn();
		auth.clock.advance({ hours: 2 });
		fake.mischief.token = () => ({ status: 503, body: {} });
		const away = { code: "provider_unavailable" };
		await expect(auth.readProviderToken(as(browser), "example")).rejects.toMatchObject(away);
		delete fake.mischief.token;
		const gone = { ok: false, code: "reconnect_required" };
		expect(await auth.readProviderToken(as(browser), "example")).toEqual(gone);
	});

	it("are those of whoever was faster, where a late refresh is refused", async () => {
		const { auth, fake, browser, other, refresh } = await twoThatRefresh();
		const late = auth.readProviderToken(as(browser), "example");
		await refresh.reached;
		delete fake.mischief.beforeToken;
		// Its lease has run out, and another instance takes its place.
		auth.clock.advance({ seconds: 16 });
		const faster = await other.readProviderToken(as(browser), "example");
		refresh.open();
		expect(faster).toMatchObject({ ok: true });
		expect(await late).toEqual(faster);
	});

	it("are not handed out expired to who waited for a refresh that failed", async () => {
		const { auth, fake, browser, other, refresh } = await twoThatRefresh();
		fake.mischief.token = () => ({ status: 503, body: {} });
		const first = auth.readProviderToken(as(browser), "example");
		await refresh.reached;
		const turnedAway = Promise.withResolvers<void>();
		const { storage } = await other.engine();
		const claim = storage.claimRefresh;
		Object.assign(storage, {
			async claimRefresh(input: Parameters<typeof claim>[0]) {
				const claimed = await claim(input);
				if (!claimed) turnedAway.resolve();
				return claimed;
			},
		});
		const second = other.readProviderToken(as(browser), "example");
		const outcomes = Promise.allSettled([first, second]);
		await turnedAway.promise;
		refresh.open();
		for (const outcome of await outcomes) {
			expect(outcome).toMatchObject({ status: "rejected", reason: { code: "provider_unavailable" } });
		}
	});

	it("[A44] are sealed anew under the newest key when they are used", async () => {
		const opened = await database();
		const { auth, fake } = await openWithProvider(opened);
		const browser = auth.browser();
		await signInAt(fake, browser);
		const added = "another-secret-for-tests-only-0123456789-abcdefgh";
		const methods = [oidcAt(fake)];
		const rotated = openBeside(auth, { ...opened, methods, secret: `${added},${testSecret}` });
		const first = await rotated.readProviderToken(as(browser), "example");
		expect(first).toMatchObject({ ok: true });
		await rotated.settled();
		const { user } = (await browser.get("/api/auth")).body;
		const engine = await openBeside(auth, { ...opened, methods, secret: added }).engine();
		// The old secret is gone, and the session with it; the tokens are not.
		expect(await providerToken(engine, requireProvider(engine, "example"), user.id)).toEqual(first);
	});

	it("are nobody's who is not signed in, and of no provider that is not offered", async () => {
		const { auth, browser } = await signedIn();
		const stranger = { headers: new Headers() };
		expect(await auth.readProviderToken(stranger, "example")).toEqual({ ok: false, code: "not_authenticated" });
		await expect(auth.readProviderToken(as(browser), "other")).rejects.toMatchObject({ code: "not_found" });
	});

	// The Refresh plan of the OpenID Foundation's certification of relying parties.
	it.each([
		["oidcc-client-test-refresh-token", {}, true],
		["oidcc-client-test-refresh-token-invalid-issuer", { iss: "https://evil.example" }, false],
		["oidcc-client-test-refresh-token-invalid-sub", { sub: "somebody-else" }, false],
	])("%s", async (_, change, accepted) => {
		const { auth, fake, browser } = await signedIn();
		auth.clock.advance({ hours: 2 });
		fake.mischief.idToken = ({ header, claims }) => ({ header, claims: { ...claims, ...change } });
		const asked = auth.readProviderToken(as(browser), "example");
		if (accepted) expect(await asked).toMatchObject({ ok: true });
		else await expect(asked).rejects.toMatchObject({ code: "provider_error" });
	});
});
