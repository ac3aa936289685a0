import { describe, expect, it } from "vitest";
import { firstStep, withApp } from "../../test/factors.ts";
import { ada, openTestAuth, signedUp, type TestAuth } from "../../test/harness.ts";

type Wrong = { factor: "totp" | "recovery_code"; code: string };
const wrongApp: Wrong = { factor: "totp", code: "000000" };
const wrongRecovery: Wrong = { factor: "recovery_code", code: "wrong" };

/** Guesses from as many sign-ins as it takes, and waits as long as it is told. Answers how many were judged. */
async function guess(auth: TestAuth, times: number, input: Wrong): Promise<number> {
	let judged = 0;
	for (let round = 0; round < times * 3 && judged < times; round++) {
		const { browser, answer } = await firstStep(auth);
		if (answer.status === 429) {
			auth.clock.advance({ seconds: answer.body.retryAfter });
			continue;
		}
		for (let tries = 0; tries < 5 && judged < times; tries++) {
			const { status, body } = await browser.post("/api/auth/attempt", input);
			if (status === 401) judged += 1;
			if (status !== 429) continue;
			auth.clock.advance({ seconds: body.retryAfter });
			break;
		}
	}
	return judged;
}

describe("[A22] wrong codes", () => {
	it("[ASVS 6.6.3] are ten in ten minutes however many sign-ins they come from, then wait longer and longer", async () => {
		const auth = openTestAuth();
		const app = await withApp(auth, await signedUp(auth));
		let judged = 0;
		const sign = Array.from({ length: 6 }, () => firstStep(auth));
		const browsers = (await Promise.all(sign)).map(({ browser }) => browser);
		const answers = await Promise.all(
			browsers.flatMap((browser) => Array.from({ length: 5 }, () => browser.post("/api/auth/attempt", wrongApp))),
		);
		judged += answers.filter(({ status }) => status === 401).length;
		expect(judged).toBe(10);
		const refused = await browsers[0]!.post("/api/auth/attempt", { factor: "totp", code: app.code() });
		expect(refused.status).toBe(429);
		const { browser } = await firstStep(auth);
		const waiting = await browser.post("/api/auth/attempt", { factor: "totp", code: app.code() });
		expect(waiting.body).toMatchObject({ code: "too_many_attempts", retryAfter: 30 });
		auth.clock.advance({ seconds: 30 });
		expect((await browser.post("/api/auth/attempt", { factor: "totp", code: app.code() })).status).toBe(200);
	});

	it("of one factor do not stand in the way of another", async () => {
		const auth = openTestAuth();
		const app = await withApp(auth, await signedUp(auth));
		expect(await guess(auth, 10, wrongApp)).toBe(10);
		const { browser } = await firstStep(auth);
		expect((await browser.post("/api/auth/attempt", { factor: "totp", code: app.code() })).status).toBe(429);
		const code = app.recoveryCodes[0];
		expect((await browser.post("/api/auth/attempt", { factor: "recovery_code", code })).status).toBe(200);
	});

	it("[ASVS 6.3.1] stop an app for good at ninety in a row, until a recovery code lifts it", async () => {
		const auth = openTestAuth();
		const app = await withApp(auth, await signedUp(auth));
		expect(await guess(auth, 90, wrongApp)).toBe(90);
		auth.clock.advance({ days: 3 });
		const stopped = await firstStep(auth);
		const answer = await stopped.browser.post("/api/auth/attempt", { factor: "totp", code: app.code() });
		// The same answer as while it only waits.
		expect(answer.body).toEqual({
			error: "Too many attempts, please wait",
			code: "too_many_attempts",
			retryAfter: 3600,
		});
		auth.clock.advance({ days: 30 });
		const { browser } = await firstStep(auth);
		expect((await browser.post("/api/auth/attempt", { factor: "totp", code: app.code() })).status).toBe(429);
		const code = app.recoveryCodes[0];
		expect((await browser.post("/api/auth/attempt", { factor: "recovery_code", code })).status).toBe(200);
		const again = (await firstStep(auth)).browser;
		expect((await again.post("/api/auth/attempt", { factor: "totp", code: app.code() })).status).toBe(200);
	});

	it("start anew after a right one", async () => {
		const auth = openTestAuth();
		const app = await withApp(auth, await signedUp(auth));
		for (let round = 0; round < 4; round++) {
			expect(await guess(auth, 5, wrongApp)).toBe(5);
			const { browser } = await firstStep(auth);
			expect((await browser.post("/api/auth/attempt", { factor: "totp", code: app.code() })).status).toBe(200);
			auth.clock.advance({ minutes: 1 });
		}
	});

	it("of recovery codes are counted too", async () => {
		const auth = openTestAuth();
		const app = await withApp(auth, await signedUp(auth));
		expect(await guess(auth, 10, wrongRecovery)).toBe(10);
		const { browser } = await firstStep(auth);
		const code = app.recoveryCodes[0];
		expect((await browser.post("/api/auth/attempt", { factor: "recovery_code", code })).status).toBe(429);
		expect((await browser.post("/api/auth/attempt", { factor: "totp", code: app.code() })).status).toBe(200);
	});
});

it("[A43] a first step that is never finished is an attempt like any other", async () => {
	const auth = openTestAuth();
	await withApp(auth, await signedUp(auth));
	for (let round = 0; round < 10; round++) expect((await firstStep(auth)).answer.status).toBe(202);
	expect((await firstStep(auth)).answer.status).toBe(429);
	expect((await firstStep(auth, { ...ada, email: "nobody@example.com" })).answer.status).toBe(401);
});
