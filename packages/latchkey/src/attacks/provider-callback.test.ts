import { describe, expect, it } from "vitest";
import { adaThere, startFakeProvider } from "../../test/fake-provider.ts";
import { isSignedIn, openBeside, openTestAuth, testSecret } from "../../test/harness.ts";
import { begin, comeBack, oidcAt, openWithProvider, problemOf, signInAt } from "../../test/oauth-harness.ts";
import { createAuth } from "../index.ts";
import { password } from "../lib/passwords/password.ts";
import { TestBrowser } from "../lib/testing/test-browser.ts";

describe("an answer that belongs to another browser, time or transaction", () => {
	it("[A10] [ASVS 10.1.2] is refused in the victim's browser, whose code and state it are not", async () => {
		const { auth, fake } = await openWithProvider();
		const attacker = auth.browser();
		const answer = fake.authorize(await begin(attacker), { sub: "mallory" });
		const victim = auth.browser();
		expect(problemOf(await comeBack(victim, answer))).toBe("sign_in_expired");
		await begin(victim);
		expect(problemOf(await comeBack(victim, answer))).toBe("sign_in_expired");
		expect(await isSignedIn(victim)).toBe(false);
		expect(fake.requests).not.toContain("POST /token");
	});

	it("[A10] is refused the second time, also with the cookie put back", async () => {
		const { auth, fake } = await openWithProvider();
		const browser = auth.browser();
		const answer = fake.authorize(await begin(browser));
		const cookies = new Map(browser.cookies);
		expect(problemOf(await comeBack(browser, answer))).toBeNull();
		const replayed = auth.browser();
		for (const [name, value] of cookies) replayed.cookies.set(name, value);
		expect(problemOf(await comeBack(replayed, answer))).toBe("sign_in_expired");
		expect(await isSignedIn(replayed)).toBe(false);
	});

	it("[A10] [A23] is believed once by sixteen at once", async () => {
		const { auth, fake } = await openWithProvider();
		const browser = auth.browser();
		const answer = fake.authorize(await begin(browser));
		const tabs = Array.from({ length: 16 }, () => {
			const tab = auth.browser();
			for (const [name, value] of browser.cookies) tab.cookies.set(name, value);
			return tab;
		});
		const answers = await Promise.all(tabs.map((tab) => comeBack(tab, answer)));
		expect(answers.filter((one) => problemOf(one) === null)).toHaveLength(1);
		expect(fake.requests.filter((request) => request === "POST /token")).toHaveLength(1);
	});

	it("[A10] is refused after ten minutes", async () => {
		const { auth, fake } = await openWithProvider();
		const browser = auth.browser();
		const answer = fake.authorize(await begin(browser));
		auth.clock.advance({ minutes: 10 });
		expect(problemOf(await comeBack(browser, answer))).toBe("sign_in_expired");
	});

	it("[A10] [ASVS 10.2.1] is refused without a state, with a wrong one, and with one that is nonsense", async () => {
		const { auth, fake } = await openWithProvider();
		const browser = auth.browser();
		const right = new URL(fake.authorize(await begin(browser)));
		const state = right.searchParams.get("state")!;
		for (const wrong of [null, "", "x", `${state}x`, state.slice(0, -1), `x${state}`, state.split(".")[0]!, "../.."]) {
			const url = new URL(right);
			if (wrong === null) url.searchParams.delete("state");
			else url.searchParams.set("state", wrong);
			expect(problemOf(await comeBack(browser, url.href)), String(wrong)).toBe("sign_in_expired");
		}
		expect(problemOf(await comeBack(browser, right.href))).toBeNull();
	});

	it("[A36] is left alone by HEAD, with the browser's own cookies too", async () => {
		const { auth, fake } = await openWithProvider();
		const browser = auth.browser();
		const { pathname, search } = new URL(fake.authorize(await begin(browser)));
		const before = new Map(browser.cookies);
		const head = await browser.request("HEAD", `${pathname}${search}`);
		expect({ status: head.status, body: head.body }).toEqual({ status: 204, body: "" });
		expect(browser.cookies).toEqual(before);
		expect(fake.requests).not.toContain("POST /token");
		expect(problemOf(await browser.get(`${pathname}${search}`))).toBeNull();
		expect((await browser.get("/api/auth")).body.authenticated).toBe(true);
	});

	it("[A36] is left alone by a previewer that fetches the address without the cookies", async () => {
		const { auth, fake } = await openWithProvider();
		const browser = auth.browser();
		const callback = fake.authorize(await begin(browser));
		for (const userAgent of ["Slackbot-LinkExpanding 1.0", "facebookexternalhit/1.1", "Mozilla/5.0"]) {
			const previewer = auth.browser({ headers: { "user-agent": userAgent } });
			expect(problemOf(await comeBack(previewer, callback))).toBe("sign_in_expired");
			expect(previewer.cookies.size).toBe(0);
		}
		expect(fake.requests).not.toContain("POST /token");
		expect(problemOf(await comeBack(browser, callback))).toBeNull();
	});

	it("[A36] is left alone by a prefetch", async () => {
		const { auth, fake } = await openWithProvider();
		const { installArrivalStamp, stampOf } = await import("../lib/http/arrival.ts");
		installArrivalStamp();
		const browser = auth.browser();
		const { pathname, search } = new URL(fake.authorize(await begin(browser)));
		const prefetch = stampOf({ kind: "prefetch", peer: "203.0.113.7", agoMs: 0, url: null });
		expect((await browser.get(`${pathname}${search}`, prefetch)).status).toBe(204);
		expect(problemOf(await comeBack(browser, `http://localhost:3000${pathname}${search}`))).toBeNull();
	});

	it("[A32] is not opened by the cookie of another kind or name", async () => {
		const { auth, fake } = await openWithProvider();
		const browser = auth.browser();
		const first = fake.authorize(await begin(browser));
		const [firstName, firstValue] = [...browser.cookies][0]!;
		await begin(browser);
		const [secondName] = [...browser.cookies].find(([name]) => name !== firstName)!;
		browser.cookies.set(firstName, browser.cookies.get(secondName)!);
		expect(problemOf(await comeBack(browser, first))).toBe("sign_in_expired");
		browser.cookies.set("session", firstValue);
		expect(await isSignedIn(browser)).toBe(false);
	});
});

describe("two providers, one of which is the attacker's", () => {
	async function openTwo() {
		const [honest, evil] = [await startFakeProvider(), await startFakeProvider()];
		const methods = [oidcAt(honest, { id: "honest" }), oidcAt(evil, { id: "evil" })];
		return { honest, evil, auth: openTestAuth({ methods }) };
	}

	it("[A8] [ASVS 10.2.2] do not mix up: an answer counts at the provider that it was asked of", async () => {
		const { honest, evil, auth } = await openTwo();
		const browser = auth.browser();
		const answer = new URL(honest.authorize(await begin(browser, "evil")));
		// Redeemed at the evil one, the honest one's code would be its own.
		expect(problemOf(await comeBack(browser, answer.href))).toBe("provider_error");
		expect(evil.requests).not.toContain("POST /token");
		const other = honest.authorize(await begin(browser, "honest")).replace("/honest/", "/evil/");
		expect(problemOf(await comeBack(browser, other))).toBe("sign_in_expired");
		expect(await isSignedIn(browser)).toBe(false);
	});

	it("[A8] are not one after the other under the same name: an answer is for the issuer that was asked", async () => {
		const { auth, fake } = await openWithProvider();
		const browser = auth.browser();
		const callback = fake.authorize(await begin(browser));
		const evil = await startFakeProvider();
		const after = openBeside(auth, { methods: [password(), oidcAt(evil)] });
		const later = after.browser();
		for (const [name, value] of browser.cookies) later.cookies.set(name, value);
		expect(problemOf(await comeBack(later, callback))).toBe("sign_in_expired");
		expect(evil.requests).not.toContain("POST /token");
	});

	it("[A8] are told apart by iss, which must be there where it was promised", async () => {
		const { auth, fake } = await openWithProvider();
		const browser = auth.browser();
		for (const iss of [undefined, "https://evil.example", `${fake.issuer}/`]) {
			fake.mischief.callback = ({ iss: _, ...right }) => ({ ...right, ...(iss !== undefined && { iss }) });
			expect(problemOf(await signInAt(fake, browser)), String(iss)).toBe("provider_error");
		}
		expect(fake.requests).not.toContain("POST /token");
	});

	it("[A8] [ASVS 10.5.3] are not one another by their metadata", async () => {
		const { auth, fake } = await openWithProvider();
		for (const issuer of [`${fake.issuer}/`, fake.issuer.toUpperCase(), "https://evil.example", `${fake.issuer}:443`]) {
			fake.mischief.metadata = (metadata) => ({ ...metadata, issuer });
			const answer = await auth.browser().post("/api/auth/oauth/example", {});
			expect(answer, issuer).toMatchObject({ status: 502, body: { code: "provider_error" } });
		}
	});

	it("[A8] have no client secret in common: metadata cannot send it to plain http elsewhere", async () => {
		const { auth, fake } = await openWithProvider();
		fake.mischief.metadata = (metadata) => ({ ...metadata, token_endpoint: "http://evil.example/token" });
		const browser = auth.browser();
		expect(problemOf(await signInAt(fake, browser))).toMatch(/^provider_/);
		expect(await isSignedIn(browser)).toBe(false);
	});
});

describe("PKCE", () => {
	it("[A11] is always S256, and a code that was asked for without it is not redeemed", async () => {
		const { auth, fake } = await openWithProvider();
		const browser = auth.browser();
		const url = new URL(await begin(browser));
		expect(url.searchParams.get("code_challenge_method")).toBe("S256");
		url.searchParams.delete("code_challenge");
		expect(problemOf(await comeBack(browser, fake.authorize(url.href)))).toBe("provider_error");
		expect(await isSignedIn(browser)).toBe(false);
	});

	it("[A11] keeps a stolen code from being injected into another transaction", async () => {
		const { auth, fake } = await openWithProvider();
		const [thief, victim] = [auth.browser(), auth.browser()];
		const stolen = new URL(fake.authorize(await begin(victim))).searchParams.get("code")!;
		const own = new URL(fake.authorize(await begin(thief), { sub: "mallory" }));
		own.searchParams.set("code", stolen);
		expect(problemOf(await comeBack(thief, own.href))).toBe("provider_error");
		expect(await isSignedIn(thief)).toBe(false);
	});
});

describe("where somebody goes after a provider", () => {
	const hostile = [
		"https://evil.example",
		"//evil.example",
		"/\\evil.example",
		"/%09/evil.example",
		"\t//evil.example",
		"/.//evil.example",
		"https:evil.example",
		"javascript:alert(1)",
		"http://localhost:3000@evil.example",
		"http://localhost:3000.evil.example/",
		"/api/auth/sign-out",
		"data:text/html,x",
	];

	it.each(hostile)("[A12] is never another site: %j", async (next) => {
		const { auth, fake } = await openWithProvider();
		const browser = auth.browser();
		const location = (await signInAt(fake, browser, adaThere, { next })).headers.get("location")!;
		expect(new URL(location, "http://localhost:3000").origin).toBe("http://localhost:3000");
		expect(["/", "/%09/evil.example"]).toContain(location);
		const refused = await comeBack(browser, fake.refuse(await begin(browser, "example", next)));
		const problem = new URL(refused.headers.get("location")!, "http://localhost:3000");
		expect(problem.origin).toBe("http://localhost:3000");
		expect(["/", "/%09/evil.example"]).toContain(problem.searchParams.get("next"));
	});

	it("[A14] is built of AUTH_URL, whatever host a request names", async () => {
		const fake = await startFakeProvider();
		const auth = createAuth({
			methods: [oidcAt(fake, { insecurePrivateNetwork: true })],
			url: "https://app.example.com",
			secret: testSecret,
			database: "file::memory:",
			logger: () => {},
		});
		const engine = await (
			auth as unknown as { engine(): Promise<{ providers: { offered: { callbackUrl: string }[] } }> }
		).engine();
		expect(engine.providers.offered[0]?.callbackUrl).toBe("https://app.example.com/api/auth/oauth/example/callback");
		const local = openTestAuth({ methods: [oidcAt(fake)] });
		const headers = { "x-forwarded-proto": "https", "x-forwarded-port": "444", forwarded: "host=evil.example" };
		const answer = await local.browser({ headers }).post("/api/auth/oauth/example", {});
		const redirectUri = new URL(answer.body.authorizationUrl).searchParams.get("redirect_uri");
		expect(redirectUri).toBe("http://localhost:3000/api/auth/oauth/example/callback");
		await auth.close();
	});

	it("[A13] is begun by a page of this site only", async () => {
		const { auth } = await openWithProvider();
		for (const origin of [
			"https://evil.example",
			"http://localhost:3000.evil.example",
			"null",
			"http://localhost:30000",
		]) {
			const browser = new TestBrowser(auth, { headers: { origin, "sec-fetch-site": "cross-site" } });
			const answer = await browser.post("/api/auth/oauth/example", {});
			expect(answer.body.code, origin).toBe("cross_origin");
			expect(browser.cookies.size).toBe(0);
		}
	});
});

describe("what an observer sees", () => {
	it("[A41] [ASVS 10.1.1] is no code, token, secret or address in log, answers and database", async () => {
		const { auth, fake } = await openWithProvider();
		const answers: string[] = [];
		const browser = auth.browser({
			onAnswer: (_, { headers, body }) => answers.push(JSON.stringify([[...headers], body])),
		});
		const callback = fake.authorize(await begin(browser));
		await comeBack(browser, callback);
		fake.mischief.token = (answer) => ({ ...answer, id_token: "broken" });
		await signInAt(fake, browser);
		fake.mischief.token = () => ({ status: 400, body: { error: "invalid_grant", error_description: "canary-1" } });
		await signInAt(fake, browser);
		const { readFileSync } = await import("node:fs");
		const stored = readFileSync(auth.file, "latin1") + readFileSync(`${auth.file}-wal`, "latin1");
		const code = new RegExp(new URL(callback).searchParams.get("code")!);
		// As the fake gives them out: two letters alone turn up in what is sealed by chance.
		const secrets = [/[ar]t-[0-9a-f]{32}/, /eyJhbGciOiJSUzI1NiIs/, /secret-1/, code];
		for (const secret of secrets) {
			for (const seen of [JSON.stringify(auth.logged), answers.join("\n"), stored]) expect(seen).not.toMatch(secret);
		}
		expect(JSON.stringify(auth.logged)).not.toContain("ada@example.com");
	});
});
