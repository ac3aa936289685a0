import { describe, expect, it } from "vitest";
import { assertion, firstStep, withApp, withPasskey, withSecondStep } from "../../test/factors.ts";
import { ada, openTestAuth, signedUp, type TestAuth } from "../../test/harness.ts";
import { codeIn, openMailAuth } from "../../test/mail.ts";
import { throttleRules } from "../lib/http/throttle.ts";
import { passkey } from "../lib/passkeys/passkey.ts";
import { password } from "../lib/passwords/password.ts";
import { type TestAnswer, TestAuthenticator, type TestBrowser } from "../testing.ts";

/** What a stranger can tell answers apart by, waits apart. */
function seen({ status, body: { retryAfter, ...body }, headers }: TestAnswer) {
	const { "retry-after": _wait, ...others } = Object.fromEntries(headers);
	return { status, body, others, cookies: headers.getSetCookie() };
}

type CodeFactor = "totp" | "recovery_code";

const ruleOf = { totp: ["totpCode", "totpStop"], recovery_code: ["recoveryCode", "recoveryStop"] } as const;

/** Counts as many wrong codes as the rule takes, without the waits between them. */
async function use(auth: TestAuth, factor: CodeFactor, which: 0 | 1): Promise<void> {
	const { storage, throttle } = await auth.engine();
	const { user } = (await storage.findCredentials({ kind: "email", canonical: ada.email }))!;
	const rule = ruleOf[factor][which];
	for (let count = 0; count < throttleRules[rule].limit; count++) await throttle.admit([{ rule, subject: user.id }]);
}

describe.each<CodeFactor>(["totp", "recovery_code"])("[A22] [A43] wrong codes of %s", (factor) => {
	async function open() {
		const auth = openTestAuth({ methods: [password(), passkey()] });
		const owner = await signedUp(auth);
		const authenticator = new TestAuthenticator();
		await withPasskey(owner, authenticator);
		const app = await withApp(auth, owner);
		const right = () => (factor === "totp" ? app.code() : app.recoveryCodes[3]!);
		const show = async (code: string) => (await firstStep(auth)).browser.post("/api/auth/attempt", { factor, code });
		return { auth, owner, authenticator, app, right, show };
	}

	const wrong = factor === "totp" ? "000000" : "AAAA-AAAA-AAAA-AAAA-AAAA-AAAA";

	it("are answered as a right one is while it waits, and in the same words once it is stopped for good", async () => {
		const { auth, show, right } = await open();
		await use(auth, factor, 0);
		const waiting = await show(wrong);
		expect(waiting.status).toBe(429);
		expect(seen(await show(right()))).toEqual(seen(waiting));
		auth.clock.advance({ hours: 2 });
		await use(auth, factor, 1);
		const stopped = await show(wrong);
		expect(seen(stopped)).toEqual(seen(waiting));
		expect(stopped.body.retryAfter).toBeLessThanOrEqual(3600);
		expect(seen(await show(right()))).toEqual(seen(waiting));
	});

	it("are one count, wherever they are typed", async () => {
		const { auth, owner, right } = await open();
		const elsewhere = () => owner.post("/api/auth/reauthentication", { factor, code: wrong });
		for (let count = 0; count < 6; count++) expect((await elsewhere()).status).toBe(401);
		const { browser } = await firstStep(auth);
		for (let count = 0; count < 4; count++) {
			expect((await browser.post("/api/auth/attempt", { factor, code: wrong })).status).toBe(401);
		}
		expect((await owner.post("/api/auth/reauthentication", { factor, code: right() })).status).toBe(429);
		expect((await (await firstStep(auth)).browser.post("/api/auth/attempt", { factor, code: right() })).status).toBe(
			429,
		);
	});

	it("stand in nobody's way who has another factor, also once it is stopped", async () => {
		const { auth, authenticator, app } = await open();
		await use(auth, factor, 1);
		const byPasskey = (await firstStep(auth)).browser;
		const credential = await assertion(byPasskey, authenticator, "second-step");
		expect((await byPasskey.post("/api/auth/attempt", { factor: "passkey", credential })).status).toBe(200);
		const other = factor === "totp" ? "recovery_code" : "totp";
		const code = factor === "totp" ? app.recoveryCodes[0] : app.code();
		const byOther = (await firstStep(auth)).browser;
		expect((await byOther.post("/api/auth/attempt", { factor: other, code })).status).toBe(200);
	});

	it("[ASVS 6.3.1] are forgotten when another one takes the place of the factor that they stopped", async () => {
		const { auth, owner, show } = await open();
		await use(auth, factor, 1);
		expect((await show(wrong)).status).toBe(429);
		if (factor === "recovery_code") {
			const { codes } = (await owner.post("/api/auth/factors/recovery-codes")).body;
			expect((await show(codes[0])).status).toBe(200);
			return;
		}
		await owner.delete("/api/auth/factors/totp");
		const { code } = await withApp(auth, owner);
		expect((await show(code())).status).toBe(200);
	});
});

describe("[A20] [A22] a first step", () => {
	const withCode = { methods: [password(), passkey()] };
	const wrongOf = (email: string) => ({ email, password: "wrong" });

	it("by password answers alike for known, unknown and disabled accounts, and while each of them waits", async () => {
		const auth = openTestAuth();
		await withApp(auth, await signedUp(auth));
		await signedUp(auth, { email: "disabled@example.com", password: ada.password });
		const { storage } = await auth.engine();
		const { user } = (await storage.findCredentials({ kind: "email", canonical: "disabled@example.com" }))!;
		for (let count = 0; count < 90; count++) await storage.recordFailure({ userId: user.id, events: [] });
		const people = [ada.email, "nobody@example.com", "disabled@example.com"];
		const ask = (body: object) => auth.browser().post("/api/auth", body);
		const [known, ...others] = await Promise.all(people.map((email) => ask(wrongOf(email))));
		for (const other of others) expect(seen(other)).toEqual(seen(known!));
		// Disabled, the right password is a wrong one.
		expect(seen(await ask({ email: people[2], password: ada.password }))).toEqual(seen(known!));
		for (const email of people) for (let count = 0; count < 10; count++) await ask(wrongOf(email));
		const [waits, ...waiting] = await Promise.all(people.map((email) => ask({ email, password: ada.password })));
		expect(waits!.status).toBe(429);
		for (const other of waiting) expect(other.body).toEqual(waits!.body);
	});

	it("by a passkey begins alike for everybody: nobody is asked who they are", async () => {
		const auth = openTestAuth(withCode);
		const owner = await signedUp(auth);
		const authenticator = new TestAuthenticator();
		await withPasskey(owner, authenticator);
		await withSecondStep(owner, authenticator);
		const begin = async (browser: TestBrowser) => {
			const { status, body } = await browser.post("/api/auth/passkeys/challenges", { for: "sign-in" });
			const { challenge: _, ...options } = body.options;
			return { status, options };
		};
		const [first, second] = [await begin(auth.browser()), await begin(owner)];
		expect(first).toEqual(second);
		expect(first.options.allowCredentials ?? []).toEqual([]);
	});

	it("by a mailed code answers alike for known and unknown addresses, and while both wait", async () => {
		const auth = openMailAuth();
		await signedUp(auth);
		const ask = (email: string) => {
			const browser = auth.browser();
			return { browser, answer: browser.post("/api/auth/email-codes", { email }) };
		};
		for (let round = 0; round < 6; round++) {
			const [known, unknown] = [ask(ada.email), ask("nobody@example.com")];
			const [one, other] = [await known.answer, await unknown.answer];
			expect({ ...seen(one), cookies: [], others: {} }).toEqual({ ...seen(other), cookies: [], others: {} });
			if (round > 0) continue;
			const right = codeIn(await auth.mail("sign_in_code"));
			const wrong = right === "000000" ? "000001" : "000000";
			const [inKnown, inUnknown] = [
				await known.browser.post("/api/auth", { code: wrong }),
				await unknown.browser.post("/api/auth", { code: wrong }),
			];
			expect(seen(inKnown)).toEqual(seen(inUnknown));
		}
	});
});
