import { describe, expect, it } from "vitest";
import { ada, isSignedIn, openBeside, signedUp } from "../../test/harness.ts";
import { countRows, gate, type InstrumentedAuth, instrument, openInstrumented } from "../../test/instruments.ts";
import type { TestBrowser } from "../testing.ts";

const signInAsAda = { email: ada.email, password: ada.password };
const newPassword = "another horse staple";

describe("a sign-in that was proven before", () => {
	it("[A27] opens nothing when the password is changed before it can", async () => {
		const { auth, browser, late, finish } = await openWithLateSignIn();
		expect((await changePassword(browser)).status).toBe(200);
		const answer = await finish();
		expect(answer.status).toBe(401);
		expect(late.cookies.size).toBe(0);
		expect(await liveSessions(browser)).toBe(1);
		expect((await auth.browser().post("/api/auth", { ...signInAsAda, password: newPassword })).status).toBe(200);
	});

	it("[A27] [ASVS 7.4.2] opens nothing when the account is deleted before it can", async () => {
		const { auth, browser, late, finish } = await openWithLateSignIn();
		expect((await browser.delete("/api/auth/user")).status).toBe(200);
		expect((await finish()).status).toBe(401);
		expect(late.cookies.size).toBe(0);
		expect(countRows(auth, "latchkey_session")).toBe(0);
	});

	it("[A27] counts as one that came after when all others are ended but the proof still holds", async () => {
		const { browser, late, finish } = await openWithLateSignIn();
		expect((await browser.delete("/api/auth/sessions")).body.ended).toBe(0);
		expect((await finish()).status).toBe(200);
		expect(await isSignedIn(late)).toBe(true);
		expect(await liveSessions(browser)).toBe(2);
	});

	it("[A27] opens nothing when sessions are ended again and again", async () => {
		const { auth, browser } = await openWithAda();
		const { user } = (await browser.get("/api/auth/user")).body;
		await auth.replaceStorage((storage) => ({
			async createSession(input) {
				await storage.endAllSessions({ userId: user.id, events: [] });
				return storage.createSession(input);
			},
		}));
		const answer = await auth.browser().post("/api/auth", signInAsAda);
		expect(answer.status).toBe(401);
		expect(answer.headers.getSetCookie()).toEqual([]);
	});

	it("[A27] by trusted code opens nothing when the sessions are ended before it can", async () => {
		const { auth, browser } = await openWithAda();
		const { user } = (await browser.get("/api/auth/user")).body;
		const held = gate();
		await auth.replaceStorage((storage) => ({
			createSession: (input) => held.pass().then(() => storage.createSession(input)),
		}));
		const opening = auth.createSession({ headers: new Headers() }, { userId: user.id });
		await held.reached;
		await browser.delete("/api/auth/sessions");
		held.open();
		expect(await opening).toBeNull();
		expect(await liveSessions(browser)).toBe(1);
	});
});

describe("a refresh that was under way", () => {
	const ends: readonly [what: string, end: (browser: TestBrowser, otherId: string) => Promise<{ status: number }>][] = [
		["a password change", (browser) => changePassword(browser)],
		["the end of all others", (browser) => browser.delete("/api/auth/sessions")],
		["the end of this one", (browser, otherId) => browser.delete(`/api/auth/sessions/${otherId}`)],
		["the account's deletion", (browser) => browser.delete("/api/auth/user")],
	];

	it.each(ends)("[A27] leaves no live token after %s", async (_what, end) => {
		for (const operation of ["readSession", "advanceGeneration"] as const) {
			const { auth, browser } = await openWithAda();
			const other = auth.browser();
			const signedIn = await other.post("/api/auth", signInAsAda);
			for (const each of [browser, other]) await each.get("/api/auth/user");
			await auth.settled();
			auth.clock.advance({ hours: 1 });
			expect((await browser.post("/api/auth/reauthentication", { password: ada.password })).status).toBe(200);

			const held = gate();
			let done = false;
			await auth.replaceStorage((storage) => ({
				async readSession(secretHash) {
					const read = await storage.readSession(secretHash);
					if (operation === "readSession" && !done) {
						done = true;
						await held.pass();
					}
					return read;
				},
				async advanceGeneration(input) {
					if (operation === "advanceGeneration") await held.pass();
					return storage.advanceGeneration(input);
				},
			}));
			const refreshing = other.post("/api/auth/refresh");
			await held.reached;
			expect((await end(browser, signedIn.body.session.id)).status).toBe(200);
			held.open();
			const answer = await refreshing;
			expect(answer.status).toBe(401);
			expect(answer.headers.getSetCookie()).toEqual([]);
			expect(await isSignedIn(other)).toBe(false);
		}
	});
});

describe("everything at once", () => {
	it("[A27] [ASVS 7.4.3] leaves no session from before a password change", async () => {
		for (let round = 0; round < 5; round++) {
			const { engines, browser, others } = await openCrowd();
			const late = lateBrowsers(engines);
			const [changed] = await Promise.all([
				changePassword(browser),
				...late.map((each) => each.post("/api/auth", signInAsAda)),
				...others.map((each) => each.post("/api/auth/refresh")),
			]);
			expect(changed.status).toBe(200);
			for (const each of [...others, ...late]) expect(await isSignedIn(each)).toBe(false);
			expect(await isSignedIn(browser)).toBe(true);
			expect(await liveSessions(browser)).toBe(1);
		}
	});

	it("[A27] [ASVS 7.4.2] leaves nothing at all of an account that was deleted", async () => {
		for (let round = 0; round < 5; round++) {
			const { engines, browser, others } = await openCrowd();
			const late = lateBrowsers(engines);
			const [deleted] = await Promise.all([
				browser.delete("/api/auth/user"),
				...late.map((each) => each.post("/api/auth", signInAsAda)),
				...others.map((each) => each.post("/api/auth/refresh")),
				...others.map((each) => each.patch("/api/auth/user", { username: "still-here" })),
			]);
			expect(deleted.status).toBe(200);
			for (const each of [browser, ...others, ...late]) expect(await isSignedIn(each)).toBe(false);
			for (const table of ["user", "identifier", "password", "session"]) {
				expect(countRows(engines[0]!, `latchkey_${table}`), table).toBe(0);
			}
		}
	});

	it("[A27] leaves no other session from before 'sign out everywhere else'", async () => {
		for (let round = 0; round < 5; round++) {
			const { browser, others } = await openCrowd();
			const [ended] = await Promise.all([
				browser.delete("/api/auth/sessions"),
				...others.map((each) => each.post("/api/auth/refresh")),
			]);
			expect(ended.body.ended).toBe(others.length);
			for (const each of others) expect(await isSignedIn(each)).toBe(false);
			expect(await isSignedIn(browser)).toBe(true);
		}
	});

	it("[A27] lets one of several password changes win, and its session alone", async () => {
		const { engines, browser, others } = await openCrowd();
		const passwords = [browser, ...others].map((_, index) => `another horse staple ${index}`);
		const answers = await Promise.all(
			[browser, ...others].map((each, index) => changePassword(each, passwords[index]!)),
		);
		const winner = answers.findIndex(({ status }) => status === 200);
		expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
		for (const [index, each] of [browser, ...others].entries()) expect(await isSignedIn(each)).toBe(index === winner);
		for (const [index, password] of passwords.entries()) {
			const { status } = await engines[0]!.browser().post("/api/auth", { ...signInAsAda, password });
			expect(status).toBe(index === winner ? 200 : 401);
		}
	});
});

async function openWithAda() {
	const auth = await openInstrumented();
	return { auth, browser: await signedUp(auth) };
}

/** The late one's password has been judged; its session opens when `finish` is called. */
async function openWithLateSignIn() {
	const { auth, browser } = await openWithAda();
	const held = gate();
	await auth.replaceStorage((storage) => ({
		createSession: (input) => held.pass().then(() => storage.createSession(input)),
	}));
	const late = auth.browser();
	const answer = late.post("/api/auth", signInAsAda);
	await held.reached;
	return {
		auth,
		browser,
		late,
		finish: () => {
			held.open();
			return answer;
		},
	};
}

/** Two engines on one file, and Ada at five browsers whose tokens are due for renewal. */
async function openCrowd() {
	const { auth, browser } = await openWithAda();
	const engines = [auth, await instrument(openBeside(auth))];
	const others = lateBrowsers(engines);
	for (const each of others) expect((await each.post("/api/auth", signInAsAda)).status).toBe(200);
	for (const each of [browser, ...others]) await each.get("/api/auth/user");
	for (const engine of engines) await engine.settled();
	auth.clock.advance({ hours: 1 });
	expect((await browser.post("/api/auth/reauthentication", { password: ada.password })).status).toBe(200);
	return { engines, browser, others };
}

function lateBrowsers(engines: InstrumentedAuth[]): TestBrowser[] {
	return Array.from({ length: 4 }, (_, index) => engines[index % engines.length]!.browser());
}

function changePassword(browser: TestBrowser, password = newPassword) {
	return browser.put("/api/auth/password", { currentPassword: ada.password, newPassword: password });
}

async function liveSessions(browser: TestBrowser): Promise<number> {
	return (await browser.get("/api/auth/sessions")).body.sessions.length;
}
