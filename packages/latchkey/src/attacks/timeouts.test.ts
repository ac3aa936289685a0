import { describe, expect, it } from "vitest";
import { ada, isSignedIn, signedUp } from "../../test/harness.ts";
import { type InstrumentedAuth, openInstrumented } from "../../test/instruments.ts";
import type { TestBrowser } from "../testing.ts";

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

/** NIST SP 800-63B-4, section 5.2, in seconds. */
const profiles = [
	{ profile: undefined, idle: 14 * day, lifetime: 30 * day },
	{ profile: "aal1", idle: 30 * day, lifetime: 30 * day },
	{ profile: "aal2", idle: hour, lifetime: 24 * hour },
	{ profile: "aal3", idle: 15 * minute, lifetime: 12 * hour },
] as const;

describe.each(profiles)("a session under the profile $profile", ({ profile, idle, lifetime }) => {
	const open = async () => {
		const auth = await openInstrumented(profile === undefined ? {} : { profile, secondFactor: "optional" });
		return { auth, browser: await signedUp(auth) };
	};

	it("[ASVS 7.3.1] ends when it was not used for so long", async () => {
		const { auth, browser } = await open();
		auth.clock.advance({ seconds: idle - 1 });
		expect(await isSignedIn(browser)).toBe(true);
		auth.clock.advance({ seconds: 1 });
		expect(await isSignedIn(browser)).toBe(false);
		expect((await browser.post("/api/auth/refresh")).status).toBe(401);
	});

	it("[ASVS 7.3.1] goes on when it is used, and is not used by asking who is signed in", async () => {
		const { auth, browser } = await open();
		if (idle === lifetime) return expect(lifetime).toBe(30 * day);
		auth.clock.advance({ seconds: idle - 1 });
		await use(auth, browser);
		auth.clock.advance({ seconds: idle - 1 });
		expect(await isSignedIn(browser)).toBe(true);
		await flush(auth);
		auth.clock.advance({ seconds: 1 });
		expect(await isSignedIn(browser)).toBe(false);
	});

	it("[ASVS 7.3.1] goes on when it is used in its last minute, before any batch is written", async () => {
		const { auth, browser } = await open();
		if (idle === lifetime) return expect(lifetime).toBe(30 * day);
		auth.clock.advance({ seconds: idle - 1 });
		expect((await browser.post("/api/auth/refresh")).status).toBe(200);
		await auth.settled();
		auth.clock.advance({ seconds: 1 });
		expect(await isSignedIn(browser)).toBe(true);
	});

	it("[ASVS 7.3.2] ends at its time however much it is used and renewed", async () => {
		const { auth, browser } = await open();
		const step = Math.floor(Math.min(idle, lifetime) / 2);
		for (let at = step; at < lifetime; at += step) {
			auth.clock.advance({ seconds: step });
			expect((await browser.post("/api/auth/refresh")).status).toBe(200);
			await use(auth, browser);
		}
		auth.clock.set(Date.UTC(2026, 0, 1) + (lifetime - 1) * 1000);
		await use(auth, browser);
		auth.clock.advance({ seconds: 1 });
		expect(await isSignedIn(browser)).toBe(false);
		expect((await browser.post("/api/auth/refresh")).status).toBe(401);
	});

	it("says when it ends, in the answer as in the cookie", async () => {
		const { auth } = await open();
		const { body, headers } = await auth.browser().post("/api/auth/sign-up", { ...ada, email: "bob@example.com" });
		const inSeconds = (time: string) => (Date.parse(time) - auth.clock()) / 1000;
		expect(inSeconds(body.session.expiresAt)).toBe(lifetime);
		expect(inSeconds(body.session.idleExpiresAt)).toBe(idle);
		expect(headers.getSetCookie()[0]).toContain(`; Max-Age=${lifetime};`);
	});

	it("[ASVS 7.3.2] begins anew with a proof of the person, and with nothing less", async () => {
		const { auth, browser } = await open();
		auth.clock.advance({ seconds: Math.min(idle, lifetime) - 1 });
		const { expiresAt } = (await browser.post("/api/auth/refresh")).body.session;
		expect(Date.parse(expiresAt)).toBe(Date.UTC(2026, 0, 1) + lifetime * 1000);
		const proven = await browser.post("/api/auth/reauthentication", { password: ada.password });
		expect(Date.parse(proven.body.session.expiresAt)).toBe(auth.clock() + lifetime * 1000);
	});
});

describe("passwords under a profile of NIST's", () => {
	it("[ASVS 6.2.1] are of 15 characters or more, and of 8 without one", async () => {
		const lengths = async (profile?: "aal1" | "aal2" | "aal3") => {
			const auth = await openInstrumented(profile === undefined ? {} : { profile, secondFactor: "optional" });
			const statuses = [];
			for (const password of ["Zk4 wq7", "Zk4 wq7x", "Zk4 wq7xPm2 vb", "Zk4 wq7xPm2 vb9"]) {
				const person = { email: `p${password.length}@example.com`, password };
				statuses.push((await auth.browser().post("/api/auth/sign-up", person)).status);
			}
			return statuses;
		};
		expect(await lengths()).toEqual([422, 201, 201, 201]);
		for (const profile of ["aal1", "aal2", "aal3"] as const)
			expect(await lengths(profile)).toEqual([422, 422, 422, 201]);
	});
});

async function use(auth: InstrumentedAuth, browser: TestBrowser): Promise<void> {
	expect((await browser.get("/api/auth/user")).status).toBe(200);
	await auth.settled();
	await flush(auth);
}

async function flush(auth: InstrumentedAuth): Promise<void> {
	await (await auth.engine()).activity.flush();
}
