import { describe, expect, it } from "vitest";
import { ada, openTestAuth, signedUp, type TestAuth } from "../../test/harness.ts";
import { instrument } from "../../test/instruments.ts";

const mallory = { email: "mallory@example.com", password: "a planted session's own", name: "Mallory" };

const sites = [
	{ url: "https://example.com", name: "__Host-session" },
	{ url: "http://localhost:3000", name: "session" },
];

// A sibling subdomain, or plain http on the same host, can add cookies to a browser but cannot remove the genuine one.
describe.each(sites)("cookies that somebody else planted, at $url", ({ url, name }) => {
	it("[A17] takes two cookies of the session's name as none, in either order", async () => {
		const { auth, genuine, planted } = await twoPeople();
		for (const cookie of [`${name}=${planted}; ${name}=${genuine}`, `${name}=${genuine}; ${name}=${planted}`]) {
			expect(await whoIs(auth, cookie)).toBeNull();
		}
		expect(await whoIs(auth, `${name}=${genuine}; ${name}=${genuine}`)).toBeNull();
		expect(await whoIs(auth, `${name}=${genuine}; ${name}=`)).toBeNull();
	});

	it("[A17] acts for nobody when the cookie is there twice", async () => {
		const { auth, genuine, planted } = await twoPeople();
		for (const cookie of [`${name}=${planted}; ${name}=${genuine}`, `${name}=${genuine}; ${name}=${planted}`]) {
			const renamed = await send(auth, "PATCH", "/api/auth/user", cookie, { name: "Renamed" });
			expect(renamed.status).toBe(401);
			expect((await send(auth, "POST", "/api/auth/refresh", cookie)).status).toBe(401);
		}
		expect(await whoIs(auth, `${name}=${genuine}`)).toBe(ada.name);
		expect(await whoIs(auth, `${name}=${planted}`)).toBe(mallory.name);
	});

	it("[A17] reads no cookie whose name only resembles the session's", async () => {
		const { auth, planted } = await twoPeople();
		const others = url.startsWith("https:")
			? ["session", "__host-session", "__HOST-session", "__Host-Session", "__Secure-session", "__Host-session2"]
			: ["Session", "SESSION", "session2", "__Host-session", "$session"];
		for (const other of others) expect(await whoIs(auth, `${other}=${planted}`), other).toBeNull();
		for (const spelling of [
			`${name} =${planted}`,
			`a=b; \t${name}=${planted}`,
			`${name}="${planted}"`,
			`=${name}=${planted}`,
		]) {
			expect(await whoIs(auth, spelling), spelling).toBeNull();
		}
	});

	it("[A17] takes the genuine cookie out of whatever surrounds it", async () => {
		const { auth, genuine, planted } = await twoPeople();
		const hostile = ["a=b", "=", ";;", "__proto__=1", 'x="', "Session=1", `X${name}=${planted}`, "\u00e9=1"].join("; ");
		expect(await whoIs(auth, `${hostile}; ${name}=${genuine}`)).toBe(ada.name);
		expect(await whoIs(auth, `${name}=${genuine}; ${hostile}`)).toBe(ada.name);
	});

	it("[A17] finds the genuine cookie among 180 others, and nobody when they pushed it out", async () => {
		const { auth, genuine } = await twoPeople();
		const junk = Array.from({ length: 180 }, (_, index) => `junk${index}=${"x".repeat(30)}`).join("; ");
		expect(await whoIs(auth, `${junk}; ${name}=${genuine}; ${junk}`)).toBe(ada.name);
		expect(await whoIs(auth, junk)).toBeNull();
	});

	async function twoPeople() {
		const auth = await instrument(openTestAuth({ url }));
		return { auth, genuine: await tokenOf(auth, ada), planted: await tokenOf(auth, mallory) };
	}

	async function tokenOf(auth: TestAuth, person: Record<string, unknown>): Promise<string> {
		return (await signedUp(auth, person)).cookies.get(name)!;
	}

	async function whoIs(auth: TestAuth, cookie: string): Promise<string | null> {
		const response = await send(auth, "GET", "/api/auth", cookie);
		expect(response.status).toBe(200);
		expect(response.headers.getSetCookie()).toEqual([]);
		const session = await auth.readSession({ headers: new Headers({ cookie }) });
		const { user } = (await response.json()) as { user: { name: string } | null };
		expect(session?.user.name ?? null).toBe(user?.name ?? null);
		return user?.name ?? null;
	}

	function send(auth: TestAuth, method: string, path: string, cookie: string, body?: object): Promise<Response> {
		const headers = { cookie, "sec-fetch-site": "same-origin", "content-type": "application/json" };
		return auth.handle(new Request(url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) }));
	}
});
