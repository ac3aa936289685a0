import { expect, it } from "vitest";
import { assertion, withApp, withPasskey } from "../../../test/factors.ts";
import { ada, openTestAuth, signedUp, type TestAuth } from "../../../test/harness.ts";
import { readVisitor } from "../http/visitor.ts";
import { passkey } from "../passkeys/passkey.ts";
import { password } from "../passwords/password.ts";
import { resolveSession } from "../sessions/resolve-session.ts";
import { TestAuthenticator } from "../testing/test-authenticator.ts";
import type { TestBrowser } from "../testing/test-browser.ts";
import { type Demands, judge, pageThatHelps } from "./guard.ts";

async function verdict(auth: TestAuth, browser: TestBrowser, demands: Demands) {
	const engine = await auth.engine();
	const visitor = readVisitor(browser.prepare("GET", "/"), engine.settings);
	const judged = judge({ current: await resolveSession(engine, visitor) }, demands);
	return judged.ok || judged.code;
}

it("asks for a level, and for a recent proof, whatever shows it", async () => {
	const auth = openTestAuth({ methods: [password(), passkey()] });
	const browser = await signedUp(auth);
	const aal2: Demands = { level: "aal2" };
	expect(await verdict(auth, auth.browser(), aal2)).toBe("not_authenticated");
	expect(await verdict(auth, browser, aal2)).toBe("insufficient_level");
	expect(await verdict(auth, browser, { level: "aal1" })).toBe(true);
	const authenticator = new TestAuthenticator({ backupEligible: false });
	await withPasskey(browser, authenticator);
	expect(await verdict(auth, browser, aal2)).toBe("insufficient_level");
	const credential = await assertion(browser, authenticator, "reauthentication");
	await browser.post("/api/auth/reauthentication", { factor: "passkey", credential });
	expect(await verdict(auth, browser, { level: "aal3" })).toBe(true);
	auth.clock.advance({ minutes: 6 });
	const recent: Demands = { ...aal2, maxAgeSeconds: 300 };
	expect(await verdict(auth, browser, recent)).toBe("reauthentication_required");
	await browser.post("/api/auth/reauthentication", { password: ada.password });
	expect(await verdict(auth, browser, recent)).toBe(true);
	expect(await verdict(auth, browser, { level: "aal3" })).toBe("insufficient_level");
});

it("is satisfied by an app after a password", async () => {
	const auth = openTestAuth();
	const browser = await signedUp(auth);
	const app = await withApp(auth, browser);
	auth.clock.advance({ minutes: 10 });
	expect(await verdict(auth, browser, { maxAgeSeconds: 300 })).toBe("reauthentication_required");
	const answer = await browser.post("/api/auth/reauthentication", { factor: "totp", code: app.code() });
	expect(answer.body.session).toMatchObject({ level: "aal2", amr: ["pwd", "otp", "mfa"] });
	expect(await verdict(auth, browser, { level: "aal2", maxAgeSeconds: 300 })).toBe(true);
});

it("says on the page that helps what is asked for, and where to go back to", async () => {
	const auth = openTestAuth();
	const engine = await auth.engine();
	const visitor = { ...readVisitor(auth.browser().prepare("GET", "/"), engine.settings), url: "/vault?box=1" };
	expect(pageThatHelps({ engine, visitor }, "insufficient_level")).toBe(
		"/reauthenticate?why=level&next=%2Fvault%3Fbox%3D1",
	);
	expect(pageThatHelps({ engine, visitor }, "reauthentication_required")).toBe(
		"/reauthenticate?next=%2Fvault%3Fbox%3D1",
	);
	expect(pageThatHelps({ engine, visitor: { ...visitor, url: "//evil.example" } }, "insufficient_level")).toBe(
		"/reauthenticate?why=level",
	);
});
