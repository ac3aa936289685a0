import { describe, expect, it } from "vitest";
import * as z from "zod";
import {
	assertion,
	firstStep,
	signUpWhereRequired,
	totpCode,
	withApp,
	withPasskey,
	withSecondStep,
	withTrust,
} from "../../test/factors.ts";
import { ada, openBeside, openTestAuth, signedUp } from "../../test/harness.ts";
import { codeIn, type MailAuth, openMailAuth, tokenIn, withMails } from "../../test/mail.ts";
import { emailCode } from "../lib/email-codes/email-code.ts";
import { method } from "../lib/methods/method.ts";
import type { AuthOptions } from "../lib/options.ts";
import { passkey } from "../lib/passkeys/passkey.ts";
import { password } from "../lib/passwords/password.ts";
import { type TestAnswer, TestAuthenticator, type TestBrowser } from "../testing.ts";

/** Stands for whatever proves one factor: a link, an outside provider, a directory. */
const oneFactor = method({
	name: "badge",
	input: z.object({ badge: z.string() }),
	amr: ["fed"],
	account: () => null,
	async verify({ badge }, tools) {
		const account = await tools.findAccount(badge);
		return account && { userId: account.userId };
	},
});

interface Person {
	auth: MailAuth;
	owner: TestBrowser;
	authenticator: TestAuthenticator;
	/** Where they sign in. */
	browser: TestBrowser;
}

type State =
	| "one factor"
	| "app"
	| "passkey"
	| "passkey and second step"
	| "app and passkey"
	| "app, on a trusted device"
	| "app, on somebody else's trusted device"
	| "app, guessed at";

const states: Record<State, (person: Person) => Promise<unknown>> = {
	"one factor": async () => {},
	app: ({ auth, owner }) => withApp(auth, owner),
	passkey: ({ owner, authenticator }) => withPasskey(owner, authenticator),
	"passkey and second step": async ({ owner, authenticator }) => {
		await withPasskey(owner, authenticator);
		await withSecondStep(owner, authenticator);
	},
	"app and passkey": async ({ auth, owner, authenticator }) => {
		await withPasskey(owner, authenticator);
		await withApp(auth, owner);
	},
	"app, on a trusted device": async ({ auth, owner, browser }) => {
		await withTrust(auth, { app: await withApp(auth, owner), in: browser });
	},
	"app, on somebody else's trusted device": async ({ auth, owner, browser }) => {
		await withApp(auth, owner);
		const email = "bob@example.com";
		const bob = await signedUp(auth, { email, password: ada.password });
		await withTrust(auth, { app: await withApp(auth, bob), in: browser, email });
	},
	"app, guessed at": async ({ auth, owner }) => {
		await withApp(auth, owner);
		const browser = auth.browser();
		await browser.post("/api/auth", { email: ada.email, password: ada.password });
		for (let guess = 0; guess < 5; guess++) await browser.post("/api/auth/attempt", { factor: "totp", code: "000000" });
	},
};

type Path = "password" | "password after a reset" | "mailed code" | "another method" | "passkey" | "trusted sign-in";

const paths: Record<
	Path,
	(person: Person) => Promise<TestAnswer | { status: number; body: { session?: { level: string } } }>
> = {
	password: ({ browser }) => browser.post("/api/auth", { email: ada.email, password: ada.password }),
	async "password after a reset"({ auth, browser }) {
		await browser.post("/api/auth/password-resets", { email: ada.email });
		const link = tokenIn(await auth.mail("password_reset"));
		const newPassword = "another good password";
		const reset = await browser.put(`/api/auth/password-resets/${link}`, { newPassword });
		expect({ status: reset.status, cookie: browser.cookies.has("session") }).toEqual({ status: 200, cookie: false });
		return browser.post("/api/auth", { email: ada.email, password: newPassword });
	},
	async "mailed code"({ auth, browser }) {
		await browser.post("/api/auth/email-codes", { email: ada.email });
		return browser.post("/api/auth", { code: codeIn(await auth.mail("sign_in_code")) });
	},
	"another method": ({ browser }) => browser.post("/api/auth", { badge: ada.email }),
	async passkey({ browser, authenticator }) {
		return browser.post("/api/auth", { credential: await assertion(browser, authenticator, "sign-in") });
	},
	async "trusted sign-in"({ auth, browser }) {
		const request = browser.prepare("POST", "/");
		const result = await auth.signIn(request, { email: ada.email, password: ada.password });
		if (result.ok) return { status: 200, body: { session: result.session } };
		return { status: result.code === "second_factor_required" ? 202 : 401, body: {} };
	},
};

const methods = [password(), emailCode(), passkey(), oneFactor];

const hasPasskey = (state: State) => state.includes("passkey");
const needsTwo = (state: State) => state !== "one factor" && state !== "passkey";
// What a reset leaves of a trusted device is nothing.
const isTrusted = (state: State, path: Path) =>
	state === "app, on a trusted device" && path !== "password after a reset";
const asksForTwo = (state: State, path: Path) => needsTwo(state) && !isTrusted(state, path);

describe("[A28] [ASVS 6.3.4] no path opens a session with fewer factors than the account asks for", () => {
	const table = (Object.keys(states) as State[]).flatMap((state) =>
		(Object.keys(paths) as Path[])
			.filter((path) => path !== "passkey" || hasPasskey(state))
			.map((path) => ({ state, path })),
	);

	async function openIn(state: State, options: Partial<AuthOptions> = {}) {
		const auth = openMailAuth({ methods, trustedDevices: {}, ...options });
		const authenticator = new TestAuthenticator();
		const person = { auth, owner: await signedUp(auth), authenticator, browser: auth.browser() };
		// The first proof of an address takes away what came before it.
		await person.owner.put(`/api/auth/email-verifications/${codeIn(await auth.mail("verify_email"))}`);
		await states[state](person);
		person.browser.cookies.delete("session");
		return person;
	}

	/** The same person at the same application, which asks for more from now on. */
	async function under(person: Person, secondFactor: AuthOptions["secondFactor"] & {}): Promise<Person> {
		// So that messages are sent by the one that is left.
		await person.auth.close();
		const trusts = typeof secondFactor === "function" ? { trustedDevices: {} } : {};
		const auth = withMails(openBeside(person.auth, { methods, secondFactor, ...trusts }));
		const browser = auth.browser();
		for (const [name, value] of person.browser.cookies) browser.cookies.set(name, value);
		return { ...person, auth, browser };
	}

	it.each(table)("$path, $state", async ({ path, state }) => {
		const { status, body } = await paths[path](await openIn(state));
		if (path === "passkey") expect(body.session).toMatchObject({ level: "aal2" });
		else if (asksForTwo(state, path))
			expect({ status, session: body.session }).toEqual({ status: 202, session: undefined });
		else expect(body.session).toMatchObject({ level: "aal1" });
	});

	it.each(table)("$path, $state, where everybody needs two", async ({ path, state }) => {
		const { status } = await paths[path](await under(await openIn(state), "required"));
		expect(status).toBe(path === "passkey" ? 200 : 202);
	});

	it.each(table)("$path, $state, where the role of this user needs two", async ({ path, state }) => {
		const isAda = ({ email }: { email: string | null }) => email === ada.email;
		const person = await under(await openIn(state), (user) => (isAda(user) ? "required" : "optional"));
		const { status } = await paths[path](person);
		expect(status).toBe(path === "passkey" ? 200 : 202);
	});

	it.each(table)("$path, $state, where the role of others needs two", async ({ path, state }) => {
		const person = await under(await openIn(state), ({ email }) => (email === ada.email ? "optional" : "required"));
		const { status, body } = await paths[path](person);
		expect(status).toBe(path !== "passkey" && asksForTwo(state, path) ? 202 : 200);
		if (status === 200) expect(body.session?.level).toBe(path === "passkey" ? "aal2" : "aal1");
	});

	it.each(table)("[A29] $path, $state, where nothing but a passkey will do", async ({ path, state }) => {
		const { status, body } = await paths[path](await under(await openIn(state), "phishing-resistant"));
		expect(status).toBe(path === "passkey" ? 200 : 202);
		if (path !== "password") return;
		const { factors, enrolments } = (body as TestAnswer["body"]).attempt;
		const isAsked = hasPasskey(state) ? ["passkey"] : state === "one factor" ? [] : ["totp", "recovery_code"];
		expect({ factors, enrolments }).toEqual({ factors: isAsked, enrolments: isAsked.length === 0 ? ["passkey"] : [] });
	});
});

it("[A28] a session of one factor adds no other way into an account that asks for two", async () => {
	const auth = openTestAuth({ methods: [password(), passkey()] });
	const owner = await signedUp(auth);
	const authenticator = new TestAuthenticator();
	await withPasskey(owner, authenticator);
	await withSecondStep(owner, authenticator);
	const weak = auth.browser();
	const userId = (await owner.get("/api/auth")).body.user.id;
	const granted = await auth.createSession(weak.prepare("POST", "/"), { userId, amr: ["fed"] });
	weak.cookies.set("session", granted!.cookie.value);
	for (const upgrade of [false, true]) {
		const begun = await weak.post("/api/auth/passkeys/challenges", { for: "registration", upgrade });
		expect(begun.body.code).toBe("insufficient_level");
	}
	const { secret, enrolment } = (await weak.post("/api/auth/factors/totp")).body;
	const code = totpCode(secret, auth.clock());
	expect((await weak.put("/api/auth/factors/totp", { enrolment, code })).body.code).toBe("insufficient_level");
	expect((await weak.post("/api/auth/factors/recovery-codes")).body.code).toBe("insufficient_level");
	expect((await weak.patch("/api/auth/factors", { secondStep: false })).body.code).toBe("insufficient_level");
	// A password beside it is still one factor of what was asked for: the second step comes.
	expect((await weak.post("/api/auth/reauthentication", { password: ada.password })).status).toBe(202);
});

it("[A28] a session from before its user needed two factors adds no other way in either", async () => {
	const auth = openTestAuth({ methods });
	const owner = await signedUp(auth);
	await withPasskey(owner, new TestAuthenticator());
	const strict = openBeside(auth, { methods, secondFactor: () => "required" });
	const weak = strict.browser({ headers: { cookie: owner.cookieHeader() } });
	const begun = await weak.post("/api/auth/passkeys/challenges", { for: "registration" });
	expect(begun.body.code).toBe("insufficient_level");
	expect((await weak.post("/api/auth/factors/recovery-codes")).body.code).toBe("insufficient_level");
	const { secret, enrolment } = (await weak.post("/api/auth/factors/totp")).body;
	const code = totpCode(secret, auth.clock());
	expect((await weak.put("/api/auth/factors/totp", { enrolment, code })).body.code).toBe("insufficient_level");
});

describe("[ASVS 6.3.3] where everybody needs a second factor", () => {
	it("a newcomer sets one up before there is a session", async () => {
		const auth = openTestAuth({ secondFactor: "required" });
		const { browser, enrolment, code } = await signUpWhereRequired(auth);
		expect((await browser.get("/api/auth/user")).status).toBe(401);
		const wrong = await browser.post("/api/auth/attempt", { factor: "totp", enrolment, code: "000000" });
		expect(wrong.status).toBe(401);
		const right = await browser.post("/api/auth/attempt", { factor: "totp", enrolment, code });
		expect(right.status).toBe(200);
		expect(right.body.recoveryCodes).toHaveLength(10);
		expect(right.body.session).toMatchObject({ level: "aal2" });
		expect((await browser.delete("/api/auth/factors/totp")).body.code).toBe("last_way_in");
		const again = auth.browser();
		const { attempt } = (await again.post("/api/auth", { email: ada.email, password: ada.password })).body;
		expect(attempt).toMatchObject({ factors: ["totp", "recovery_code"], enrolments: [] });
		const other = await again.post("/api/auth/attempt", { factor: "totp", enrolment, code });
		expect(other.body).toMatchObject({ code: "invalid_input", fields: { factor: "not_available" } });
	});

	it("a newcomer can set up a passkey, and must where nothing else will do", async () => {
		const auth = openTestAuth({ methods: [password(), passkey()], secondFactor: "phishing-resistant" });
		const browser = auth.browser();
		const { body } = await browser.post("/api/auth/sign-up", ada);
		expect(body.attempt).toMatchObject({ factors: [], enrolments: ["passkey"] });
		expect((await browser.post("/api/auth/attempt/totp")).body.code).toBe("factor_exists");
		const begun = await browser.post("/api/auth/passkeys/challenges", { for: "enrolment" });
		const registration = new TestAuthenticator().create(begun.body.options);
		const { status, body: entered } = await browser.post("/api/auth/attempt", { factor: "passkey", registration });
		expect(status).toBe(200);
		expect(entered.session.amr).toContain("swk");
		const [only] = (await browser.get("/api/auth/passkeys")).body.passkeys;
		expect((await browser.delete(`/api/auth/passkeys/${only.id}`)).body.code).toBe("last_way_in");
	});

	it("needs passkey() where nothing but a passkey will do", () => {
		expect(() => openTestAuth({ secondFactor: "phishing-resistant" })).toThrow("passkey() among the methods");
	});
});

describe("a function that says what is asked of a user", () => {
	const userFields = { role: { schema: z.enum(["member", "admin"]), default: "member" } } as const;

	it("sees the application's own fields, and holds from the next sign-in on, with a factor set up on the way in", async () => {
		const auth = openTestAuth({
			userFields,
			secondFactor: (user) => ("role" in user && user.role === "admin" ? "required" : "optional"),
		});
		const owner = await signedUp(auth);
		const { id } = (await owner.get("/api/auth")).body.user;
		expect((await firstStep(auth)).answer.status).toBe(200);
		await auth.updateUser(id, { fields: { role: "admin" } as never });
		const { browser, answer } = await firstStep(auth);
		expect(answer.body.attempt).toMatchObject({ factors: [], enrolments: ["totp"], trustDays: null });
		expect((await owner.get("/api/auth/factors")).body.factors.secondStep).toBe(true);
		const { secret, enrolment } = (await browser.post("/api/auth/attempt/totp")).body;
		const code = totpCode(secret, auth.clock());
		const entered = await browser.post("/api/auth/attempt", { factor: "totp", enrolment, code });
		expect(entered.body.session.level).toBe("aal2");
		expect((await browser.delete("/api/auth/factors/totp")).body.code).toBe("last_way_in");
		await auth.updateUser(id, { fields: { role: "member" } as never });
		expect((await browser.delete("/api/auth/factors/totp")).status).toBe(200);
	});

	it("is asked of newcomers too, by what they are registered as", async () => {
		const seen: unknown[] = [];
		const auth = openTestAuth({
			secondFactor: (user) => {
				seen.push(user);
				return user.username === "root" ? "required" : "optional";
			},
		});
		const root = auth.browser();
		expect((await root.post("/api/auth/sign-up", { ...ada, username: "root" })).status).toBe(202);
		expect(seen[0]).toMatchObject({ email: ada.email, emailVerified: false, username: "root", name: ada.name });
		expect((await root.get("/api/auth")).body.authenticated).toBe(false);
	});

	it.each([
		["throws", () => JSON.parse("{")],
		["answers what is no policy", () => "requird" as never],
		["answers nothing", () => undefined as never],
		["asks for passkeys where there are none", () => "phishing-resistant" as const],
	])("[A39] lets nobody in when it %s", async (_what, secondFactor) => {
		const auth = openTestAuth();
		await signedUp(auth);
		const broken = openBeside(auth, { secondFactor });
		const { browser, answer } = await firstStep(broken);
		expect({ status: answer.status, cookies: browser.cookies.size }).toEqual({ status: 500, cookies: 0 });
		const newcomer = broken.browser();
		expect((await newcomer.post("/api/auth/sign-up", { ...ada, email: "new@example.com" })).status).toBe(500);
		expect(newcomer.cookies.size).toBe(0);
	});
});
