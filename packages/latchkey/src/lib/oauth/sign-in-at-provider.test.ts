import { describe, expect, it } from "vitest";
import * as z from "zod";
import { adaThere } from "../../../test/fake-provider.ts";
import { ada, openTestAuth, signedUp } from "../../../test/harness.ts";
import { begin, comeBack, oidcAt, openWithProvider, problemOf, signInAt } from "../../../test/oauth-harness.ts";
import { google } from "./providers/google.ts";

describe("signing in at a provider", () => {
	it("makes an account at first sight, and finds it from then on", async () => {
		const { auth, fake } = await openWithProvider();
		const browser = auth.browser();
		const answer = await signInAt(fake, browser, adaThere, { next: "/account" });
		expect(answer).toMatchObject({ status: 303, body: "" });
		expect(answer.headers.get("location")).toBe("/account");
		expect(answer.headers.get("referrer-policy")).toBe("no-referrer");
		const { body } = await browser.get("/api/auth");
		expect(body).toMatchObject({
			authenticated: true,
			user: { name: "Ada Lovelace", email: "ada@example.com", emailVerified: true },
			session: { amr: ["fed"], level: "aal1" },
		});
		expect([...browser.cookies.keys()]).toEqual(["session", "device"]);

		const again = auth.browser();
		await signInAt(fake, again);
		expect((await again.get("/api/auth")).body.user.id).toBe(body.user.id);
	});

	it("knows none of the application's own fields at first, and has them set as anybody does", async () => {
		const userFields = {
			company: { schema: z.string(), editable: true },
			plan: { schema: z.enum(["free", "paid"]), default: "free" },
		};
		const { auth, fake } = await openWithProvider({ userFields });
		const browser = auth.browser();
		await signInAt(fake, browser);
		expect((await browser.get("/api/auth")).body.user).toMatchObject({ company: null, plan: "free" });
		expect((await browser.patch("/api/auth/user", { company: "Analytical" })).status).toBe(200);
		await signInAt(fake, browser);
		expect((await browser.get("/api/auth")).body.user).toMatchObject({ company: "Analytical" });
	});

	it("asks with PKCE, state and nonce, and for nothing that signing in does not need [ASVS 10.2.3]", async () => {
		const { auth, fake } = await openWithProvider();
		const url = new URL(await begin(auth.browser()));
		expect(`${url.origin}${url.pathname}`).toBe(`${fake.issuer}/authorize`);
		const { state, nonce, code_challenge, ...asked } = Object.fromEntries(url.searchParams);
		expect(asked).toEqual({
			client_id: "client-1",
			response_type: "code",
			redirect_uri: "http://localhost:3000/api/auth/oauth/example/callback",
			scope: "openid email profile",
			code_challenge_method: "S256",
		});
		for (const secret of [state, nonce, code_challenge]) expect(secret?.length).toBeGreaterThanOrEqual(22);
	});

	it("sends a plain form on by a page without scripts, and comes back", async () => {
		const { auth, fake } = await openWithProvider();
		const browser = auth.browser();
		const form = { "content-type": "application/x-www-form-urlencoded" };
		const started = await browser.post("/api/auth/oauth/example", "next=%2Faccount", form);
		expect(started.status).toBe(303);
		const page = await browser.get(started.headers.get("location")!);
		expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
		const target = /content="0;url=([^"]+)"/.exec(page.body)?.[1]?.replaceAll("&amp;", "&");
		const answer = await comeBack(browser, fake.authorize(target!));
		expect(answer.headers.get("location")).toBe("/account");
		expect((await browser.get("/api/auth")).body.authenticated).toBe(true);
	});

	it("pushes the request from server to server where that is offered", async () => {
		const { auth, fake } = await openWithProvider();
		fake.mischief.metadata = (metadata) => ({
			...metadata,
			pushed_authorization_request_endpoint: `${fake.issuer}/par`,
		});
		const url = new URL(await begin(auth.browser()));
		expect([...url.searchParams.keys()].toSorted()).toEqual(["client_id", "request_uri"]);
		expect(fake.requests).toContain("POST /par");
	});

	it("says who is offered, and in the log what the others lack", async () => {
		const { fake } = await openWithProvider();
		const auth = openTestAuth({ methods: [oidcAt(fake, { name: "Example" }), google()] });
		expect((await auth.browser().get("/api/auth/providers")).body).toEqual({
			providers: [{ id: "example", name: "Example" }],
		});
		expect(auth.logged).toContainEqual({
			level: "info",
			event: "provider_not_offered",
			provider: "google",
			missing: ["GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET"],
		});
		expect((await auth.browser().post("/api/auth/oauth/google", {})).body.code).toBe("not_found");
	});

	it("ends the session that was there, and keeps ten tabs apart, the newest ones, in a header that servers accept", async () => {
		const { auth, fake } = await openWithProvider();
		const browser = await signedUp(auth, { ...ada, email: "bob@example.com" });
		const urls: string[] = [];
		for (let tab = 0; tab < 12; tab++) {
			// Which of two is the older is told by the millisecond.
			for (const now = Date.now(); Date.now() === now; );
			urls.push(await begin(browser, "example", `/tab-${tab}`));
		}
		const kept = [...browser.cookies].filter(([name]) => name.startsWith("transaction-"));
		expect(kept).toHaveLength(10);
		expect(kept.map(([name, value]) => `${name}=${value}; `).join("").length).toBeLessThan(8000);
		for (const tab of [0, 1]) {
			expect(problemOf(await comeBack(browser, fake.authorize(urls[tab]!)))).toBe("sign_in_expired");
		}
		for (const tab of [11, 2, 5, 3, 10, 4, 6, 9, 7, 8]) {
			const answer = await comeBack(browser, fake.authorize(urls[tab]!));
			expect(answer.headers.get("location")).toBe(`/tab-${tab}`);
		}
		expect((await browser.get("/api/auth")).body.user.email).toBe("ada@example.com");
		expect((await browser.get("/api/auth/sessions")).body.sessions).toHaveLength(1);
		expect([...browser.cookies.keys()].filter((name) => name.startsWith("transaction-"))).toEqual([]);
	});

	it("goes to a page that says what went wrong, with a reference that is in the log", async () => {
		const { auth, fake } = await openWithProvider();
		const browser = auth.browser();
		const answer = await comeBack(browser, fake.refuse(await begin(browser, "example", "/account")));
		const location = new URL(answer.headers.get("location")!, "http://localhost:3000");
		expect(location.pathname).toBe("/sign-in/problem");
		const { problem, provider, reference, next } = Object.fromEntries(location.searchParams);
		expect({ problem, provider, next }).toEqual({
			problem: "sign_in_cancelled",
			provider: "example",
			next: "/account",
		});
		expect(auth.logged).toContainEqual(expect.objectContaining({ event: "provider_sign_in_failed", reference }));
		expect([...browser.cookies.keys()]).toEqual([]);
	});

	it("says so when the provider is out of reach, and works again once it is back", async () => {
		const { auth, fake } = await openWithProvider();
		fake.paths.set("/.well-known/openid-configuration", () => ({ status: 503, body: {} }));
		const answer = await auth.browser().post("/api/auth/oauth/example", {});
		expect(answer).toMatchObject({ status: 503, body: { code: "provider_unavailable" } });
		fake.paths.clear();
		expect((await signInAt(fake, auth.browser())).headers.get("location")).toBe("/");
	});

	it("registers nobody where sign-up is closed", async () => {
		const { auth, fake } = await openWithProvider({ signUp: "closed" });
		expect(problemOf(await signInAt(fake, auth.browser()))).toBe("sign_up_closed");
	});

	it("[A24] makes one account of eight first sights at once", async () => {
		const { auth, fake } = await openWithProvider();
		const browsers = Array.from({ length: 8 }, () => auth.browser());
		const answers = await Promise.all(browsers.map((browser) => signInAt(fake, browser)));
		for (const answer of answers) expect(answer.headers.get("location")).toBe("/");
		const ids = await Promise.all(browsers.map(async (browser) => (await browser.get("/api/auth")).body.user.id));
		expect(new Set(ids).size).toBe(1);
	});

	it("proves again who somebody is, at the provider that is connected", async () => {
		const { auth, fake } = await openWithProvider();
		const browser = auth.browser();
		await signInAt(fake, browser);
		auth.clock.advance({ minutes: 30 });
		expect((await browser.get("/api/auth/user/export")).body.code).toBe("reauthentication_required");
		const start = async () => (await browser.post("/api/auth/reauthentication/example", {})).body.authorizationUrl;
		const url = await start();
		expect(new URL(url).searchParams.get("prompt")).toBe("login");
		await comeBack(browser, fake.authorize(url));
		expect((await browser.get("/api/auth/user/export")).status).toBe(200);

		auth.clock.advance({ minutes: 30 });
		const somebodyElse = await comeBack(browser, fake.authorize(await start(), { sub: "bob-1" }));
		expect(problemOf(somebodyElse)).toBe("invalid_credentials");
		expect(somebodyElse.headers.get("location")).toMatch(/^\/reauthenticate\?problem=/);
		fake.mischief.idToken = ({ header, claims }) => ({
			header,
			claims: { ...claims, auth_time: Number(claims.auth_time) - 3600 },
		});
		expect(problemOf(await comeBack(browser, fake.authorize(await start())))).toBe("invalid_credentials");
		expect((await browser.get("/api/auth/user/export")).body.code).toBe("reauthentication_required");
	});
});
