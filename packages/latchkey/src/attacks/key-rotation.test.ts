import { describe, expect, it } from "vitest";
import { ada, openBeside, signedUp, type TestAuth } from "../../test/harness.ts";
import { type InstrumentedAuth, instrument, openInstrumented, rows } from "../../test/instruments.ts";
import type { AuthOptions } from "../lib/options.ts";
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
