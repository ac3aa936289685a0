import { describe, expect, it } from "vitest";
import { firstStep, withApp } from "../../test/factors.ts";
import { ada, openBeside, signedUp, type TestAuth } from "../../test/harness.ts";
import { type InstrumentedAuth, instrument, openInstrumented, rows } from "../../test/instruments.ts";
import { codeIn, openMailAuth } from "../../test/mail.ts";
import { emailCode } from "../lib/email-codes/email-code.ts";
import { throttleRules } from "../lib/http/throttle.ts";
import type { AuthOptions } from "../lib/options.ts";
import { password } from "../lib/passwords/password.ts";
import type { TestBrowser } from "../testing.ts";

const old = "the-old-secret-0123456789-abcdefghijklmnopqrst";
const fresh = "the-new-secret-9876543210-zyxwvutsrqponmlkjihg";
const oldPepper = "the-old-pepper-0123456789-abcdefghijklmnopqrst";
const freshPepper = "the-new-pepper-9876543210-zyxwvutsrqponmlkjihg";
const signInAsAda = { email: ada.email, password: ada.password };

describe("a new secret", () => {
	it("[A44] [ASVS 13.3.4] [ASVS 11.2.2] that is added last, moved first, and the old one taken away, signs nobody out", async () => {
		let auth = await openInstrumented({ secret: old, pepper: old });
		const browser = await signedUp(auth);
		for (const secret of [`${old},${fresh}`, `${fresh},${old}`, fresh]) {
			auth = await restart(auth, { secret, pepper: old });
			const here = moved(browser, auth);
			expect((await here.get("/api/auth")).body.authenticated).toBe(true);
			expect((await here.get("/api/auth/user")).status).toBe(200);
			await auth.settled();
			auth.clock.advance({ hours: 1 });
			expect((await here.post("/api/auth/refresh")).status).toBe(200);
			browser.cookies.set("session", here.cookies.get("session")!);
		}
	});

	it("[A44] that signs on one machine already is believed by one that has it last", async () => {
		const first = await openInstrumented({ secret: `${old},${fresh}`, pepper: old });
		const browser = await signedUp(first);
		const second = await instrument(openBeside(first, { secret: `${fresh},${old}`, pepper: old }));
		const there = moved(browser, second);
		expect((await there.post("/api/auth/refresh")).status).toBe(200);
		const back = moved(there, first);
		expect(kidOf(back)).not.toBe(kidOf(browser));
		expect((await back.get("/api/auth")).body.authenticated).toBe(true);
	});

	it("[A44] is what new tokens are signed with once it is first, and no sooner", async () => {
		const auth = await openInstrumented({ secret: old, pepper: old });
		const before = kidOf(await signedUp(auth));
		const kids = [];
		for (const secret of [`${old},${fresh}`, `${fresh},${old}`]) {
			const next = await restart(auth, { secret, pepper: old });
			const browser = next.browser();
			await browser.post("/api/auth", signInAsAda);
			kids.push(kidOf(browser));
		}
		expect(kids[0]).toBe(before);
		expect(kids[1]).not.toBe(before);
	});

	it("[A44] [ASVS 13.3.4] leaves a token under a secret that was taken away good for nothing", async () => {
		const auth = await openInstrumented({ secret: old, pepper: old });
		const browser = await signedUp(auth);
		const next = await restart(auth, { secret: fresh, pepper: old });
		const here = moved(browser, next);
		expect((await here.get("/api/auth")).body.authenticated).toBe(false);
		expect((await here.post("/api/auth/refresh")).status).toBe(401);
	});
});

describe("what is counted and known [A44]", () => {
	const phases = [`${old},${fresh}`, `${fresh},${old}`, fresh];
	const methods = [password(), emailCode()];
	const wrong = { email: ada.email, password: "a wrong password" };

	it("keeps a factor stopped that was stopped before the secret was rotated [ASVS 6.3.1]", async () => {
		let auth = await openInstrumented({ secret: old, pepper: old });
		const app = await withApp(auth, await signedUp(auth));
		const { throttle, storage } = await auth.engine();
		const userId = (await storage.findCredentials({ kind: "email", canonical: ada.email }))!.user.id;
		const stop = { rule: "totpStop", subject: userId } as const;
		for (let count = 0; count < throttleRules.totpStop.limit; count++) await throttle.admit([stop]);
		for (const secret of phases) {
			auth = await restart(auth, { secret, pepper: old });
			const { browser } = await firstStep(auth);
			const shown = await browser.post("/api/auth/attempt", { factor: "totp", code: app.code() });
			expect(shown.body.code, secret).toBe("too_many_attempts");
		}
	});

	it("gives nobody another ten guesses at a password, nor two machines ten each [A22]", async () => {
		let auth = await openInstrumented({ secret: `${old},${fresh}`, pepper: old });
		await signedUp(auth);
		const beside = openBeside(auth, { secret: `${fresh},${old}`, pepper: old });
		for (let guess = 0; guess < 10; guess++) {
			expect((await (guess % 2 === 0 ? auth : beside).browser().post("/api/auth", wrong)).status).toBe(401);
		}
		expect((await beside.browser().post("/api/auth", wrong)).status).toBe(429);
		await beside.close();
		for (const secret of phases) {
			auth = await restart(auth, { secret, pepper: old });
			expect((await auth.browser().post("/api/auth", wrong)).status, secret).toBe(429);
		}
	});

	it("lets a success be forgotten under every secret", async () => {
		const auth = await openInstrumented({ secret: `${fresh},${old}`, pepper: old });
		await signedUp(auth);
		for (let guess = 0; guess < 9; guess++) await auth.browser().post("/api/auth", wrong);
		expect((await auth.browser().post("/api/auth", signInAsAda)).status).toBe(200);
		for (let guess = 0; guess < 10; guess++) {
			expect((await auth.browser().post("/api/auth", wrong)).status).toBe(401);
		}
	});

	it("takes a mailed code that was sent before the secret was rotated, and once", async () => {
		const before = openMailAuth({ methods, secret: old, pepper: old });
		const browser = await signedUp(before);
		await browser.put(`/api/auth/email-verifications/${codeIn(await before.mail("verify_email"))}`);
		const asking = before.browser();
		await asking.post("/api/auth/email-codes", { email: ada.email });
		const code = codeIn(await before.mail("sign_in_code"));
		const auth = await restart(before, { methods, secret: `${fresh},${old}`, pepper: old });
		const here = moved(asking, auth);
		expect((await here.post("/api/auth", { code: "000000" })).status).toBe(401);
		const again = moved(here, auth);
		expect((await here.post("/api/auth", { code })).status).toBe(200);
		expect((await again.post("/api/auth", { code })).status).toBe(401);
	});

	it("knows a device that it knew, and counts its attempts apart [A43]", async () => {
		const before = openMailAuth({ methods, secret: old, pepper: old });
		const browser = await signedUp(before);
		await browser.put(`/api/auth/email-verifications/${codeIn(await before.mail("verify_email"))}`);
		const auth = await restart(before, { methods, secret: `${fresh},${old}`, pepper: old });
		for (let guess = 0; guess < 10; guess++) await auth.browser().post("/api/auth", wrong);
		const here = moved(browser, auth);
		here.cookies.delete("session");
		expect((await here.post("/api/auth", signInAsAda)).status).toBe(200);
		const { events } = (await here.get("/api/auth/events")).body;
		const types = events.map(({ type }: { type: string }) => type);
		expect(types).toContain("sign_in.succeeded");
		expect(types).not.toContain("sign_in.new_device");
	});
});

describe("a new pepper", () => {
	it("[A44] [ASVS 11.2.2] seals a password anew at its next sign-in, after which the old one can go", async () => {
		let auth = await openInstrumented({ secret: old, pepper: oldPepper });
		await signedUp(auth);
		const before = sealedUnder(auth);
		auth = await restart(auth, { secret: old, pepper: `${oldPepper},${freshPepper}` });
		await signInAndSettle(auth, 200);
		expect(sealedUnder(auth)).toBe(before);
		auth = await restart(auth, { secret: old, pepper: `${freshPepper},${oldPepper}` });
		await signInAndSettle(auth, 200);
		expect(sealedUnder(auth)).not.toBe(before);
		auth = await restart(auth, { secret: old, pepper: freshPepper });
		await signInAndSettle(auth, 200);
	});

	it("[A44] without the one that a password was sealed under is a wrong password to everybody, and costs the same", async () => {
		let auth = await openInstrumented({ secret: old, pepper: oldPepper });
		await signedUp(auth);
		auth = await restart(auth, { secret: old, pepper: freshPepper });
		auth.pool.hashes = 0;
		await signInAndSettle(auth, 401);
		expect(auth.pool.hashes).toBe(1);
		expect(auth.logged.filter(({ level }) => level !== "info")).toMatchObject([{ event: "password_key_missing" }]);
	});

	it("[A44] is not taken up by a wrong password, nor by a change that comes in between", async () => {
		let auth = await openInstrumented({ secret: old, pepper: oldPepper });
		await signedUp(auth);
		const [before] = rows(auth, "SELECT sealed FROM latchkey_password");
		auth = await restart(auth, { secret: old, pepper: `${freshPepper},${oldPepper}` });
		expect((await auth.browser().post("/api/auth", { ...signInAsAda, password: "wrong" })).status).toBe(401);
		await auth.settled();
		expect(rows(auth, "SELECT sealed FROM latchkey_password")).toEqual([before]);

		const browser = auth.browser();
		await browser.post("/api/auth", signInAsAda);
		const newPassword = "another horse staple";
		expect((await browser.put("/api/auth/password", { currentPassword: ada.password, newPassword })).status).toBe(200);
		await auth.settled();
		expect((await auth.browser().post("/api/auth", signInAsAda)).status).toBe(401);
		expect((await auth.browser().post("/api/auth", { ...signInAsAda, password: newPassword })).status).toBe(200);
	});

	it("[A44] and dearer parameters are taken up at the next sign-in alike", async () => {
		const auth = await openInstrumented();
		await signedUp(auth);
		const dearer = await instrument(openBeside(auth), { parameters: { memoryKib: 64, passes: 2, lanes: 1 } });
		const [before] = rows(auth, "SELECT sealed FROM latchkey_password");
		await signInAndSettle(dearer, 200);
		const [after] = rows(auth, "SELECT sealed FROM latchkey_password");
		expect(after).not.toEqual(before);
		dearer.pool.hashes = 0;
		await signInAndSettle(dearer, 200);
		expect(dearer.pool.hashes).toBe(1);
		expect(rows(auth, "SELECT sealed FROM latchkey_password")).toEqual([after]);
	});
});

/** The same database after the process has begun again with another configuration. */
async function restart(auth: TestAuth, options: Partial<AuthOptions>): Promise<InstrumentedAuth> {
	await auth.close();
	return instrument(openBeside(auth, options));
}

/** The same person at another engine. */
function moved(browser: TestBrowser, auth: TestAuth): TestBrowser {
	const other = auth.browser();
	for (const [name, value] of browser.cookies) other.cookies.set(name, value);
	return other;
}

async function signInAndSettle(auth: InstrumentedAuth, status: number): Promise<void> {
	expect((await auth.browser().post("/api/auth", signInAsAda)).status).toBe(status);
	await auth.settled();
}

function kidOf(browser: TestBrowser): string {
	const [header = ""] = browser.cookies.get("session")!.split(".");
	return JSON.parse(Buffer.from(header, "base64url").toString()).kid;
}

/** The id of the key that Ada's password is sealed under. */
function sealedUnder(auth: TestAuth): string {
	return String(rows(auth, "SELECT sealed FROM latchkey_password")[0]!.sealed).split(".")[1]!;
}
