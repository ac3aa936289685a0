import { describe, expect, it } from "vitest";
import { ada, openTestAuth, signedUp, type TestAuth } from "../../test/harness.ts";
import { everyRow, instrument, openInstrumented } from "../../test/instruments.ts";

const bob = { email: "bob@example.com", password: "bob has another one", name: "Bob" };

interface Contract {
	paths: Record<string, Record<string, { security: object[]; requestBody?: unknown }>>;
}

describe("an endpoint", () => {
	it("[ASVS 8.2.1] [ASVS 8.3.1] is closed to strangers unless the contract says that it is open", async () => {
		const auth = await openInstrumented();
		await signedUp(auth);
		const before = everyRow(auth);
		const contract: Contract = (await auth.browser().get("/api/auth/openapi.json")).body;
		const open = [];
		for (const [path, operations] of Object.entries(contract.paths)) {
			for (const [method, { security, requestBody }] of Object.entries(operations)) {
				if (security.some((scheme) => Object.keys(scheme).length === 0)) {
					open.push(`${method.toUpperCase()} ${path}`);
					continue;
				}
				const answer = await auth
					.browser()
					.request(method.toUpperCase(), path.replace("{id}", "x"), requestBody === undefined ? undefined : { ...ada });
				expect(answer, `${method} ${path}`).toMatchObject({ status: 401, body: { code: "not_authenticated" } });
			}
		}
		expect(open.sort()).toEqual([
			"DELETE /api/auth",
			"DELETE /api/auth/attempt",
			"GET /api/auth",
			"GET /api/auth/attempt",
			"GET /api/auth/health",
			"GET /api/auth/mail-links/{token}",
			"GET /api/auth/openapi.json",
			"POST /api/auth",
			"POST /api/auth/attempt",
			"POST /api/auth/attempt/totp",
			"POST /api/auth/password-resets",
			"POST /api/auth/sign-out",
			"POST /api/auth/sign-up",
			"PUT /api/auth/email-verifications/{token}",
			"PUT /api/auth/password-resets/{token}",
			"PUT /api/auth/undoings/{token}",
		]);
		expect(everyRow(auth)).toBe(before);
	});
});

describe("the list of devices", () => {
	it("names one's own sessions, newest first, and which is this one", async () => {
		const { auth, browser } = await openWithTwoPeople();
		auth.clock.advance({ minutes: 1 });
		const phone = auth.browser({ headers: { "user-agent": "Phone/1" } });
		const signedIn = await phone.post("/api/auth", { email: ada.email, password: ada.password });
		const { sessions, nextBefore } = (await browser.get("/api/auth/sessions")).body;
		expect(nextBefore).toBeNull();
		expect(sessions).toMatchObject([
			{ id: signedIn.body.session.id, current: false, userAgent: "Phone/1", createdAt: "2026-01-01T00:01:00.000Z" },
			{ current: true, userAgent: "TestBrowser/1", createdAt: "2026-01-01T00:00:00.000Z" },
		]);
		expect(JSON.stringify(sessions)).not.toContain(phone.cookies.get("session")!);
	});

	it("[ASVS 8.2.2] ends one of one's own by its public id, and nobody else's", async () => {
		const { auth, browser, other } = await openWithTwoPeople();
		const phone = auth.browser();
		const { id } = (await phone.post("/api/auth", { email: ada.email, password: ada.password })).body.session;
		const foreign = (await other.get("/api/auth")).body.session.id;

		expect((await other.delete(`/api/auth/sessions/${id}`)).body.code).toBe("not_found");
		expect((await browser.delete(`/api/auth/sessions/${foreign}`)).body.code).toBe("not_found");
		expect((await phone.get("/api/auth")).body.authenticated).toBe(true);
		expect((await other.get("/api/auth")).body.authenticated).toBe(true);

		expect((await browser.delete(`/api/auth/sessions/${id}`)).body).toEqual({ message: "Signed out there" });
		expect((await phone.get("/api/auth")).body.authenticated).toBe(false);
		// Ended already, or never there: the same.
		for (const unknown of [id, "01980000-0000-7000-8000-000000000000", "x", "..", "%27%20or%201=1", "a".repeat(300)]) {
			expect((await browser.delete(`/api/auth/sessions/${unknown}`)).status, unknown).toBe(404);
		}
		expect((await browser.get("/api/auth")).body.authenticated).toBe(true);
	});

	it("ends all others of this person, and nobody else's", async () => {
		const { auth, browser, other } = await openWithTwoPeople();
		const phones = [auth.browser(), auth.browser()];
		for (const phone of phones) await phone.post("/api/auth", { email: ada.email, password: ada.password });
		const answer = await browser.delete("/api/auth/sessions");
		expect(answer.body).toEqual({ message: "Signed out everywhere else", ended: 2 });
		for (const phone of phones) expect((await phone.get("/api/auth")).body.authenticated).toBe(false);
		for (const each of [browser, other]) expect((await each.get("/api/auth")).body.authenticated).toBe(true);
		expect((await browser.get("/api/auth/sessions")).body.sessions).toHaveLength(1);
	});

	it("goes on by page, through fifty at a time", async () => {
		const { auth, browser } = await openWithTwoPeople();
		for (let count = 0; count < 60; count++) {
			await auth.browser().post("/api/auth", { email: ada.email, password: ada.password });
		}
		const first = (await browser.get("/api/auth/sessions")).body;
		const second = (await browser.get(`/api/auth/sessions?before=${first.nextBefore}`)).body;
		expect([first.sessions.length, second.sessions.length, second.nextBefore]).toEqual([50, 11, null]);
		const ids = [...first.sessions, ...second.sessions].map(({ id }) => id);
		expect(new Set(ids).size).toBe(61);
	});
});

describe("the list of events", () => {
	it("keeps to some types, of one's own", async () => {
		const { browser } = await openWithTwoPeople();
		await browser.patch("/api/auth/user", { name: "Ada of Ockham" });
		const { body } = await browser.get("/api/auth/events?types=user.updated,user.exported");
		expect(body.events.map(({ type }: { type: string }) => type)).toEqual(["user.updated"]);
	});

	it("goes on by page, newest first, and leaves none out", async () => {
		const { auth, browser } = await openWithTwoPeople();
		for (let count = 0; count < 110; count++) {
			await browser.patch("/api/auth/user", { name: `Ada ${count}` });
			if (count % 30 === 29) auth.clock.advance({ hours: 1 });
		}
		const pages: { id: string; type: string }[][] = [];
		let before: string | null = "";
		while (before !== null) {
			const { body } = await browser.get(`/api/auth/events${before === "" ? "" : `?before=${before}`}`);
			pages.push(body.events);
			before = body.nextBefore;
		}
		expect(pages.map((page) => page.length)).toEqual([50, 50, 11]);
		const all = pages.flat();
		expect(all.map(({ id }) => id)).toEqual(
			all
				.map(({ id }) => id)
				.toSorted()
				.toReversed(),
		);
		expect(new Set(all.map(({ id }) => id)).size).toBe(111);
		expect(all.at(-1)!.type).toBe("user.signed_up");
	});

	it("[ASVS 8.2.2] holds one's own only, wherever it is asked to begin", async () => {
		const { browser, other } = await openWithTwoPeople();
		const mine = (await browser.get("/api/auth/events")).body.events;
		const [mySession] = (await browser.get("/api/auth/sessions")).body.sessions;
		const theirs = (await other.get("/api/auth/events")).body.events;
		expect(mine.map(({ type }: { type: string }) => type)).toEqual(["user.signed_up"]);
		for (const before of [theirs[0].id, "zzzz", "~", "0", "%00", "' OR 1=1 --", "\u{10ffff}"]) {
			const { body } = await browser.get(`/api/auth/events?before=${encodeURIComponent(before)}`);
			for (const { id } of body.events) expect(mine.map((event: { id: string }) => event.id)).toContain(id);
			const sessions = await browser.get(`/api/auth/sessions?before=${encodeURIComponent(before)}`);
			for (const { id } of sessions.body.sessions) expect(id).toBe(mySession.id);
		}
	});
});

async function openWithTwoPeople() {
	const auth: TestAuth = await instrument(openTestAuth());
	return { auth, browser: await signedUp(auth), other: await signedUp(auth, bob) };
}
