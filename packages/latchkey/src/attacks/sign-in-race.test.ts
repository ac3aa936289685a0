import { describe, expect, it } from "vitest";
import { ada, openBeside, signedUp } from "../../test/harness.ts";
import { type InstrumentedAuth, instrument, openInstrumented, rows } from "../../test/instruments.ts";
import type { TestAnswer } from "../testing.ts";

describe("a hundred guesses at once", () => {
	it("[A22] are counted one by one, and ten of them judged", async () => {
		const auth = await openInstrumented();
		await signedUp(auth);
		auth.pool.hashes = 0;
		const answers = await guessAtOnce([auth], 100);
		expect(auth.pool.hashes).toBe(10);
		expectTenJudged(answers);
		expect(counters(auth)).toEqual([{ accepted: 10, refused: 90 }]);
	});

	it("[A22] are counted one by one also through two engines on one file", async () => {
		const one = await openInstrumented();
		await signedUp(one);
		const other = await instrument(openBeside(one));
		one.pool.hashes = 0;
		const answers = await guessAtOnce([one, other], 100);
		expect(one.pool.hashes + other.pool.hashes).toBe(10);
		expectTenJudged(answers);
		expect(counters(one)).toEqual([{ accepted: 10, refused: 90 }]);
	});

	it("[A22] let nobody in among those that came too late, not even with the right password", async () => {
		const auth = await openInstrumented();
		await signedUp(auth);
		await guessAtOnce([auth], 20);
		const answer = await auth.browser().post("/api/auth", { email: ada.email, password: ada.password });
		expect(answer.status).toBe(429);
		expect(answer.headers.getSetCookie()).toEqual([]);
	});

	it("[A22] [A35] count together however the account is spelled and through whatever door they come", async () => {
		const auth = await openInstrumented();
		await signedUp(auth);
		auth.pool.hashes = 0;
		const spellings = [ada.email, "ADA@example.com", "Ada@EXAMPLE.COM", " ada@example.com ", "ada@ＥＸample.com"];
		for (let guess = 0; guess < 20; guess++) {
			const identifier = spellings[guess % 4]!;
			const field = ["identifier", "email", "username"][guess % 3]!;
			const input = { [field]: identifier, password: `guess number ${guess}` };
			if (guess % 2 === 0) await auth.browser().post("/api/auth", input);
			else await auth.signIn({ headers: new Headers() }, input);
		}
		expect(auth.pool.hashes).toBe(10);
		expect(counters(auth)).toEqual([{ accepted: 10, refused: 10 }]);
	});

	it("[A22] at a signed-in person's password are held the same way, and leave the sign-in page open", async () => {
		const auth = await openInstrumented();
		const browser = await signedUp(auth);
		auth.pool.hashes = 0;
		const guesses = Array.from({ length: 40 }, (_, guess) =>
			guess % 2 === 0
				? browser.post("/api/auth/reauthentication", { password: `guess number ${guess}` })
				: browser.put("/api/auth/password", { currentPassword: `guess ${guess}`, newPassword: "another horse staple" }),
		);
		expectTenJudged(await Promise.all(guesses));
		expect(auth.pool.hashes).toBe(10);
		expect((await auth.browser().post("/api/auth", { email: ada.email, password: ada.password })).status).toBe(200);
	});
});

describe("the wait after ten failures", () => {
	it("[A22] doubles from thirty seconds to an hour, one guess after each", async () => {
		const auth = await openInstrumented();
		await signedUp(auth);
		await guessAtOnce([auth], 10);
		auth.pool.hashes = 0;
		const waits = [30, 60, 120, 240, 480, 960, 1920, 3600, 3600];
		for (const [index, seconds] of waits.entries()) {
			expect(retryAfter(await guess(auth))).toBe(seconds);
			auth.clock.advance({ seconds: seconds - 1 });
			expect(retryAfter(await guess(auth))).toBe(1);
			auth.clock.advance({ seconds: 1 });
			expect((await guess(auth)).status).toBe(401);
			expect(auth.pool.hashes).toBe(index + 1);
		}
	});

	it("[A22] is over after a success, which forgets the failures", async () => {
		const auth = await openInstrumented();
		await signedUp(auth);
		await guessAtOnce([auth], 10);
		auth.clock.advance({ seconds: 30 });
		expect((await auth.browser().post("/api/auth", { email: ada.email, password: ada.password })).status).toBe(200);
		expectTenJudged(await guessAtOnce([auth], 30));
	});

	it("[A22] is of this account alone", async () => {
		const auth = await openInstrumented();
		await signedUp(auth);
		const other = { email: "bob@example.com", password: "bob has another one" };
		await signedUp(auth, other);
		await guessAtOnce([auth], 20);
		expect((await auth.browser().post("/api/auth", other)).status).toBe(200);
	});

	it("[A22] is written to the audit log once, not once for each refusal", async () => {
		const auth = await openInstrumented();
		await signedUp(auth);
		await guessAtOnce([auth], 50);
		const events = rows(auth, "SELECT type FROM latchkey_audit_event WHERE type LIKE 'sign_in.%'");
		expect(events.filter(({ type }) => type === "sign_in.failed")).toHaveLength(10);
		expect(events.filter(({ type }) => type === "sign_in.throttled")).toHaveLength(1);
	});
});

function guess(auth: InstrumentedAuth): Promise<TestAnswer> {
	return auth.browser().post("/api/auth", { email: ada.email, password: "a wrong guess" });
}

function guessAtOnce(engines: InstrumentedAuth[], count: number): Promise<TestAnswer[]> {
	return Promise.all(Array.from({ length: count }, (_, index) => guess(engines[index % engines.length]!)));
}

function expectTenJudged(answers: TestAnswer[]): void {
	const refused = answers.filter(({ status }) => status === 429);
	expect(answers.filter(({ status }) => status === 401)).toHaveLength(10);
	expect(refused).toHaveLength(answers.length - 10);
	for (const answer of refused) {
		expect(retryAfter(answer)).toBe(30);
		expect(answer.body).toEqual({
			error: "Too many attempts, please wait",
			code: "too_many_attempts",
			retryAfter: 30,
		});
	}
}

function retryAfter({ status, headers, body }: TestAnswer): number {
	expect(status).toBe(429);
	expect(headers.get("retry-after")).toBe(String(body.retryAfter));
	return body.retryAfter;
}

function counters(auth: InstrumentedAuth): unknown[] {
	return rows(auth, "SELECT accepted, refused FROM latchkey_throttle").map((row) => ({ ...row }));
}
