import { describe, expect, it } from "vitest";
import { sessionRoute } from "../../test/hand-written-route.ts";
import { from, signedUp } from "../../test/harness.ts";
import { type InstrumentedAuth, openInstrumented, rows } from "../../test/instruments.ts";
import { AuthError } from "../index.ts";
import { installArrivalStamp } from "../lib/http/arrival.ts";

installArrivalStamp();

const ada = { username: "ada", password: "correct horse battery", name: "Ada Lovelace" };
const address = "203.0.113.7";

describe("a route that was written by hand on the functions for trusted code", () => {
	it("signs in with a user name and a password, says who is signed in, and signs out", async () => {
		const { auth, route } = await openWithRoute();
		const signedIn = await route.POST(request("POST", { body: { username: "ADA", password: ada.password } }));
		expect(signedIn.status).toBe(200);
		expect(await signedIn.json()).toMatchObject({ user: { username: "ada", name: ada.name } });
		const setCookie = signedIn.headers.get("set-cookie")!;
		expect(setCookie).toMatch(/^session=[\w.-]+; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Lax$/);

		const cookie = setCookie.split(";")[0]!;
		expect(await (await route.GET(request("GET", { cookie }))).json()).toMatchObject({ user: { username: "ada" } });
		const overHttp = await auth.handle(new Request("http://localhost:3000/api/auth", { headers: { cookie } }));
		expect(await overHttp.json()).toMatchObject({ authenticated: true });

		const signedOut = await route.DELETE(request("DELETE", { cookie }));
		expect(signedOut.headers.get("set-cookie")).toBe("session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax");
		expect(await (await route.GET(request("GET", { cookie }))).json()).toEqual({ user: null });
		expect(await (await route.GET(request("GET", {}))).json()).toEqual({ user: null });
	});

	it("refuses what the endpoint refuses, with the same status and code", async () => {
		const { auth, route } = await openWithRoute();
		const bodies = [
			{ username: "ada", password: "wrong" },
			{ username: "nobody", password: "wrong" },
			{ username: "ada" },
			{ password: ada.password },
			{ username: 1, password: ada.password },
			{ username: { $ne: null }, password: { $ne: null } },
			{},
		];
		for (const body of bodies) {
			const byHand = await route.POST(request("POST", { body }));
			const byEndpoint = await auth.handle(request("POST", { body }));
			expect(byHand.status).toBe(byEndpoint.status);
			expect(((await byHand.json()) as { code: string }).code).toBe(
				((await byEndpoint.json()) as { code: string }).code,
			);
			expect(byHand.headers.getSetCookie()).toEqual([]);
		}
		for (const text of ["", "null", "{", "[]", "1"])
			expect((await route.POST(request("POST", { text }))).status).toBe(422);
	});

	it("[A19] refuses what another site made the browser send", async () => {
		const { auth, route } = await openWithRoute();
		const cookie = ((await auth.signIn(request("POST", {}), ada)) as { setCookie: string }).setCookie.split(";")[0]!;
		for (const site of ["cross-site", "same-site", "none"]) {
			expect((await route.POST(request("POST", { body: ada, site }))).status).toBe(403);
			expect((await route.DELETE(request("DELETE", { cookie, site }))).status).toBe(403);
		}
		expect(await (await route.GET(request("GET", { cookie }))).json()).toMatchObject({ user: { username: "ada" } });
	});

	it("[A22] is held to the same limits as the endpoint, by the same counters", async () => {
		const { auth, route } = await openWithRoute();
		auth.pool.hashes = 0;
		const wrong = { username: "ada", password: "wrong" };
		for (let guess = 0; guess < 10; guess++) {
			const door = guess % 2 === 0 ? route.POST : auth.handle;
			expect((await door(request("POST", { body: wrong }))).status).toBe(401);
		}
		const byHand = await route.POST(request("POST", { body: ada }));
		const byEndpoint = await auth.handle(request("POST", { body: ada }));
		for (const refused of [byHand, byEndpoint]) {
			expect(refused.status).toBe(429);
			expect(refused.headers.get("retry-after")).toBe("30");
		}
		expect(auth.pool.hashes).toBe(10);
	});

	it("leaves the same events in the audit log as the endpoint does", async () => {
		const { auth, route } = await openWithRoute();
		const byHand = await eventsOf(auth, (message) => (message.method === "POST" ? route.POST : route.DELETE)(message));
		const byEndpoint = await eventsOf(auth, auth.handle);
		expect(byHand).toEqual(byEndpoint);
		expect(byHand.map(({ type }) => type)).toEqual(["sign_in.failed", "sign_in.succeeded", "session.ended"]);
		for (const event of byHand) expect(event).toMatchObject({ address, user_agent: "curl/8" });
	});

	it("ends the session of whoever sat there before", async () => {
		const { route } = await openWithRoute();
		const first = (await route.POST(request("POST", { body: ada }))).headers.get("set-cookie")!.split(";")[0]!;
		await route.POST(request("POST", { body: ada, cookie: first }));
		expect(await (await route.GET(request("GET", { cookie: first }))).json()).toEqual({ user: null });
	});

	it("[A39] never says that nobody is signed in when it cannot know", async () => {
		const { auth, route } = await openWithRoute();
		const cookie = (await route.POST(request("POST", { body: ada }))).headers.get("set-cookie")!.split(";")[0]!;
		await auth.replaceStorage(() => ({ readSession: () => Promise.reject(new AuthError("store_unavailable")) }));
		await expect(route.GET(request("GET", { cookie }))).rejects.toMatchObject({ code: "store_unavailable" });
		expect((await route.DELETE(request("DELETE", { cookie }))).status).toBe(503);
		expect((await route.POST(request("POST", { body: ada, cookie }))).status).toBe(503);
	});
});

describe("a session that trusted code opens", () => {
	it("is in the audit log, sets the cookie, and takes the place of the one before", async () => {
		const { auth } = await openWithRoute();
		const userId = String(rows(auth, "SELECT id FROM latchkey_user")[0]!.id);
		const first = await auth.createSession(request("POST", {}), { userId, amr: ["hwk"], level: "aal2" });
		expect(first).toMatchObject({ ok: true, session: { amr: ["hwk"], level: "aal2", user: { username: "ada" } } });
		const cookie = first!.setCookie.split(";")[0]!;
		expect(first!.cookie).toMatchObject({ name: "session", maxAgeSeconds: 2_592_000 });
		const second = await auth.createSession(request("POST", { cookie }), { userId });
		expect(await auth.readSession(request("GET", { cookie }))).toBeNull();
		expect(await auth.readSession(request("GET", { cookie: second!.setCookie.split(";")[0]! }))).not.toBeNull();
		const events = rows(auth, "SELECT detail FROM latchkey_audit_event WHERE type = 'sign_in.succeeded'");
		expect(events).toEqual([{ detail: '{"method":"trusted"}' }, { detail: '{"method":"trusted"}' }]);
	});

	it("is none for a user who does not exist", async () => {
		const { auth } = await openWithRoute();
		expect(await auth.createSession(request("POST", {}), { userId: "nobody" })).toBeNull();
	});
});

async function openWithRoute() {
	const auth = await openInstrumented();
	await signedUp(auth, ada);
	return { auth, route: sessionRoute(auth) };
}

interface Sent {
	body?: unknown;
	text?: string;
	cookie?: string;
	site?: string;
}

function request(method: string, { body, text, cookie, site = "same-origin" }: Sent): Request {
	const headers = {
		...from(address),
		"user-agent": "curl/8",
		"content-type": "application/json",
		"sec-fetch-site": site,
		...(cookie !== undefined && { cookie }),
	};
	const sent = text ?? (body === undefined ? undefined : JSON.stringify(body));
	return new Request("http://localhost:3000/api/auth", { method, headers, ...(sent !== undefined && { body: sent }) });
}

/** What a failure, a sign-in and a sign-out leave behind, but for what differs each time. */
async function eventsOf(auth: InstrumentedAuth, door: (message: Request) => Promise<Response>) {
	const [{ n } = { n: 0 }] = rows(auth, "SELECT count(*) AS n FROM latchkey_audit_event");
	await door(request("POST", { body: { ...ada, password: "wrong" } }));
	const cookie = (await door(request("POST", { body: ada }))).headers.get("set-cookie")!.split(";")[0]!;
	await door(request("DELETE", { cookie }));
	const columns = "type, subject, address, user_agent, detail";
	return rows(auth, `SELECT ${columns} FROM latchkey_audit_event ORDER BY id LIMIT -1 OFFSET ${n}`);
}
