import { describe, expect, it } from "vitest";
import { ada, openBeside, openTestAuth, signedUp, type TestAuth } from "../../test/harness.ts";
import { instrument } from "../../test/instruments.ts";
import type { TestAnswer, TestBrowser } from "../testing.ts";

const signInAsAda = { email: ada.email, password: ada.password };

const ends: readonly [
	what: string,
	end: (people: Awaited<ReturnType<typeof openTwoEngines>>) => Promise<TestAnswer>,
][] = [
	["the person signs out", ({ there }) => there.delete("/api/auth")],
	["it is ended from another device", ({ here, id }) => here.delete(`/api/auth/sessions/${id}`)],
	["all others are ended", ({ here }) => here.delete("/api/auth/sessions")],
	[
		"the password is changed",
		({ here }) =>
			here.put("/api/auth/password", { currentPassword: ada.password, newPassword: "another horse staple" }),
	],
	["the account is deleted", ({ here }) => here.delete("/api/auth/user")],
];

describe("a session that has ended in one process", () => {
	it.each(ends)("[A40] [ASVS 7.4.1] is refused by every other at its next read: %s", async (_what, end) => {
		const people = await openTwoEngines();
		const { engines, there } = people;
		const token = there.cookies.get("session")!;
		for (const engine of engines) expect(await isRead(engine, token)).toBe(true);
		expect((await end(people)).status).toBe(200);
		for (const engine of engines) expect(await isRead(engine, token)).toBe(false);
	});

	it("[A40] is refused everywhere from the moment at which it expires", async () => {
		const { engines, there, clock } = await openTwoEngines();
		const token = there.cookies.get("session")!;
		clock.advance({ days: 14, seconds: -1 });
		for (const engine of engines) expect(await isRead(engine, token)).toBe(true);
		clock.advance({ seconds: 1 });
		for (const engine of engines) expect(await isRead(engine, token)).toBe(false);
	});
});

describe("what is known of a person", () => {
	it("[A40] is what stands in the database now, in every process", async () => {
		const { engines, here, there } = await openTwoEngines();
		await here.patch("/api/auth/user", { name: "Countess of Lovelace", username: "ada" });
		expect((await there.get("/api/auth")).body.user).toMatchObject({ name: "Countess of Lovelace", username: "ada" });
		for (const engine of engines) {
			const headers = new Headers({ cookie: there.cookieHeader() });
			expect((await engine.readSession({ headers }))?.user.username).toBe("ada");
		}
	});

	it("[A40] stands in no cookie: no name, no address, no role", async () => {
		const { here } = await openTwoEngines();
		const token = here.cookies.get("session")!;
		const readable = token.split(".").map((part) => Buffer.from(part, "base64url").toString("latin1"));
		for (const personal of ["Ada", "Lovelace", "example.com", "role"]) expect(readable.join()).not.toContain(personal);
		expect(token.length).toBeLessThan(1000);
	});
});

/** Ada at two browsers, each at an engine of its own on the same file. */
async function openTwoEngines() {
	const one = await instrument(openTestAuth());
	const other = await instrument(openBeside(one));
	const here = await signedUp(one);
	const there = other.browser();
	const { body } = await there.post("/api/auth", signInAsAda);
	return { engines: [one, other], clock: one.clock, here, there, id: String(body.session.id) };
}

/** Whether the token is anybody's: at every way in, which must agree. */
async function isRead(auth: TestAuth, token: string): Promise<boolean> {
	const browser: TestBrowser = auth.browser();
	browser.cookies.set("session", token);
	const { authenticated } = (await browser.get("/api/auth")).body;
	const session = await auth.readSession({ headers: new Headers({ cookie: browser.cookieHeader() }) });
	expect(session !== null).toBe(authenticated);
	if (!authenticated) {
		expect((await browser.get("/api/auth/user")).status).toBe(401);
		expect((await browser.post("/api/auth/refresh")).status).toBe(401);
		expect((await browser.patch("/api/auth/user", { name: "Somebody" })).status).toBe(401);
		expect((await browser.delete("/api/auth/user")).status).toBe(401);
	}
	return authenticated;
}
