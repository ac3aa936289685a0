import { describe, expect, it } from "vitest";
import { ada, openTestAuth, signedUp } from "../../test/harness.ts";
import { claimsOf, openInstrumented } from "../../test/instruments.ts";

const mallory = { email: "mallory@example.com", password: "a session to be planted", name: "Mallory" };
const signInAsAda = { email: ada.email, password: ada.password };

describe("a session that was planted before the sign-in", () => {
	it("[A18] [ASVS 7.2.4] is never the one that the sign-in makes, and ends", async () => {
		const auth = await openInstrumented();
		await signedUp(auth);
		const attacker = await signedUp(auth, mallory);
		const planted = attacker.cookies.get("session")!;

		const victim = auth.browser();
		victim.cookies.set("session", planted);
		const answer = await victim.post("/api/auth", signInAsAda);
		const token = victim.cookies.get("session")!;
		expect(answer.body.user.name).toBe(ada.name);
		expect(token).not.toBe(planted);
		expect(claimsOf(token).sid).not.toBe(claimsOf(planted).sid);
		expect((await attacker.get("/api/auth")).body.authenticated).toBe(false);
	});

	it("[A18] is never the one that a sign-up makes, and ends", async () => {
		const auth = await openInstrumented();
		const attacker = await signedUp(auth, mallory);
		const planted = attacker.cookies.get("session")!;

		const victim = auth.browser();
		victim.cookies.set("session", planted);
		expect((await victim.post("/api/auth/sign-up", ada)).status).toBe(201);
		expect(claimsOf(victim.cookies.get("session")!).sid).not.toBe(claimsOf(planted).sid);
		expect((await attacker.get("/api/auth")).body.authenticated).toBe(false);
	});

	it.each([
		"a-value-that-the-attacker-chose",
		"AAAAAAAAAAAAAAAAAAAAAA",
		"eyJhbGciOiJub25lIn0.eyJzaWQiOiJBQUFBQUFBQUFBQUFBQUFBQUFBQUFBIn0.",
	])("[A18] takes nothing over from the cookie %s", async (chosen) => {
		const auth = await openInstrumented();
		await signedUp(auth);
		const victim = auth.browser();
		for (const name of ["session", "__Host-session", "attempt", "device", "transaction-1"])
			victim.cookies.set(name, chosen);
		expect((await victim.post("/api/auth", signInAsAda)).status).toBe(200);
		const token = victim.cookies.get("session")!;
		expect(token).not.toContain(chosen);
		expect(JSON.stringify(claimsOf(token))).not.toContain("AAAAAAAAAAAAAAAAAAAAAA");
	});
});

describe("every proof of a person", () => {
	it("[ASVS 7.2.4] [A18] makes another session and ends the one before at once", async () => {
		const auth = await openInstrumented();
		const browser = await signedUp(auth);
		const proofs = [
			() => browser.post("/api/auth", signInAsAda),
			() => browser.post("/api/auth/reauthentication", { password: ada.password }),
			() => browser.put("/api/auth/password", { currentPassword: ada.password, newPassword: "another horse staple" }),
		];
		for (const proof of proofs) {
			const old = auth.browser();
			old.cookies.set("session", browser.cookies.get("session")!);
			expect((await old.get("/api/auth")).body.authenticated).toBe(true);
			expect((await proof()).status).toBe(200);
			expect(claimsOf(browser.cookies.get("session")!).sid).not.toBe(claimsOf(old.cookies.get("session")!).sid);
			expect((await old.get("/api/auth")).body.authenticated).toBe(false);
			expect((await old.post("/api/auth/refresh")).status).toBe(401);
			expect((await browser.get("/api/auth")).body.authenticated).toBe(true);
		}
	});

	it("[ASVS 7.2.2] [ASVS 7.2.3] makes tokens that have nothing in common, of 128 random bits and more", async () => {
		const auth = await openInstrumented();
		await signedUp(auth);
		const secrets = new Set<string>();
		for (let count = 0; count < 20; count++) {
			const browser = auth.browser();
			await browser.post("/api/auth", signInAsAda);
			secrets.add(claimsOf(browser.cookies.get("session")!).sid);
		}
		expect(secrets.size).toBe(20);
		for (const secret of secrets) expect(Buffer.from(secret, "base64url")).toHaveLength(16);
	});

	it("[A18] leaves a failed sign-in and the session before it as they were", async () => {
		const auth = await openInstrumented();
		const browser = await signedUp(auth);
		const before = browser.cookies.get("session");
		const answer = await browser.post("/api/auth", { email: ada.email, password: "not the password" });
		expect(answer.status).toBe(401);
		expect(answer.headers.getSetCookie()).toEqual([]);
		expect(browser.cookies.get("session")).toBe(before);
		expect((await browser.get("/api/auth")).body.authenticated).toBe(true);
	});
});

it("tells whoever sat there before that somebody else's sign-in ended their session", async () => {
	const auth = openTestAuth();
	const browser = await signedUp(auth);
	await browser.post("/api/auth/sign-up", { email: "bob@example.com", password: "another horse staple" });
	const again = auth.browser();
	await again.post("/api/auth", ada);
	const { events } = (await again.get("/api/auth/events")).body;
	expect(events.map(({ type, detail }: { type: string; detail: unknown }) => [type, detail])).toContainEqual([
		"session.ended",
		{ replaced: true },
	]);
});
