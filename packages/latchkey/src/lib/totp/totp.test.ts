import { describe, expect, it } from "vitest";
import { firstStep, totpCode, withApp } from "../../../test/factors.ts";
import { ada, openBeside, openTestAuth, signedUp, type TestAuth, testSecret } from "../../../test/harness.ts";
import { rows } from "../../../test/instruments.ts";
import { seal } from "../crypto/sealing.ts";
import { nothingToSettle } from "../http/throttle.ts";
import { readVisitor } from "../http/visitor.ts";
import { draftSession } from "../sessions/open-session.ts";
import { checkTotp } from "./totp.ts";

/** RFC 6238, appendix B: the codes for SHA-1, of which apps show the last six digits. */
const rfc6238 = [
	[59, "287082"],
	[1_111_111_109, "081804"],
	[1_111_111_111, "050471"],
	[1_234_567_890, "005924"],
	[2_000_000_000, "279037"],
	[20_000_000_000, "353130"],
] as const;

describe("an authenticator app", () => {
	it("shows the codes of RFC 6238, appendix B, in six digits", () => {
		const secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
		for (const [seconds, code] of rfc6238) {
			expect(totpCode(secret, seconds * 1000)).toBe(code);
		}
	});

	it("is asked for those codes at sign-in, in the step of each and in no other", async () => {
		const auth = openTestAuth();
		await signedUp(auth);
		const engine = await auth.engine();
		const { user } = (await engine.storage.findCredentials({ kind: "email", canonical: ada.email }))!;
		const sealed = seal(engine.totpKeys, `totp:${user.id}`, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
		const session = draftSession(engine, readVisitor(auth.browser().prepare("GET", "/"), engine.settings), {
			amr: ["otp"],
			level: "aal1",
		}).draft;
		const app = { userId: user.id, epoch: user.epoch, sealed, step: 0, name: null, recoveryCodeHashes: null };
		await engine.storage.addTotp({ ...app, session, replaces: null, settle: nothingToSettle, events: [] });
		for (const [seconds, code] of rfc6238) {
			auth.clock.set(seconds * 1000);
			for (const [offset, status] of [
				[60, 401],
				[0, 200],
			] as const) {
				auth.clock.set((seconds - offset) * 1000);
				const { browser } = await firstStep(auth);
				const answer = await browser.post("/api/auth/attempt", { factor: "totp", code });
				expect({ seconds, offset, status: answer.status }).toEqual({ seconds, offset, status });
			}
		}
	});

	it("counts only once a code has confirmed it", async () => {
		const auth = openTestAuth();
		const browser = await signedUp(auth);
		const { secret, uri, enrolment } = (await browser.post("/api/auth/factors/totp")).body;
		expect(secret).toMatch(/^[A-Z2-7]{32}$/);
		expect(uri).toBe(
			`otpauth://totp/localhost:ada%40example.com?issuer=localhost&secret=${secret}&algorithm=SHA1&digits=6&period=30`,
		);
		expect((await browser.get("/api/auth/factors")).body.factors.totp).toBeNull();
		const wrong = await browser.put("/api/auth/factors/totp", { enrolment, code: "000000" });
		expect(wrong.body.code).toBe("invalid_credentials");
		expect((await firstStep(auth)).answer.status).toBe(200);
		const code = totpCode(secret, auth.clock());
		const added = await browser.put("/api/auth/factors/totp", { enrolment, code });
		expect(added.body.recoveryCodes).toHaveLength(10);
		expect(added.body.session).toMatchObject({ level: "aal2", amr: ["pwd", "otp", "mfa"] });
		expect((await firstStep(auth)).answer.status).toBe(202);
		expect((await browser.put("/api/auth/factors/totp", { enrolment, code })).body.code).toBe("factor_exists");
	});

	it("is confirmed within the hour, by the user who began, and by nobody else", async () => {
		const auth = openTestAuth();
		const browser = await signedUp(auth);
		const bob = await signedUp(auth, { email: "bob@example.com", password: ada.password });
		const { secret, enrolment } = (await browser.post("/api/auth/factors/totp")).body;
		const confirm = (who: typeof bob) =>
			who.put("/api/auth/factors/totp", { enrolment, code: totpCode(secret, auth.clock()) });
		expect((await confirm(bob)).status).toBe(401);
		auth.clock.advance({ minutes: 60 });
		await browser.post("/api/auth/reauthentication", { password: ada.password });
		expect((await confirm(browser)).status).toBe(401);
	});

	it("[A25] [ASVS 6.5.1] [ASVS 6.5.5] takes each code once, none older than the last, and those of the step before and after", async () => {
		const auth = openTestAuth();
		const app = await withApp(auth, await signedUp(auth));
		auth.clock.advance({ minutes: 2, seconds: 15 });
		const use = async (code: string) => {
			const { browser } = await firstStep(auth);
			return (await browser.post("/api/auth/attempt", { factor: "totp", code })).status;
		};
		// 15 seconds into a step, a clock that is 31 seconds off shows the step beside.
		expect(await use(app.code(-61))).toBe(401);
		expect(await use(app.code(61))).toBe(401);
		expect(await use(app.code(-31))).toBe(200);
		expect(await use(app.code(-31))).toBe(401);
		expect(await use(app.code(31))).toBe(200);
		expect(await use(app.code())).toBe(401);
		expect(await use(app.code(31))).toBe(401);
		auth.clock.advance({ minutes: 1 });
		expect(await use(app.code().replace(/(...)/, "$1 "))).toBe(200);
	});

	it("takes only six digits", async () => {
		const auth = openTestAuth();
		const app = await withApp(auth, await signedUp(auth));
		const { browser } = await firstStep(auth);
		for (const code of [`${app.code()}0`, app.code().slice(1), "١٢٣٤٥٦", "12345a"]) {
			expect((await browser.post("/api/auth/attempt", { factor: "totp", code })).status).toBe(401);
		}
		expect((await browser.post("/api/auth/attempt", { factor: "totp", code: ` ${app.code()} ` })).status).toBe(200);
	});

	it("signs everybody else out when it is added and when it is removed", async () => {
		const auth = openTestAuth();
		const browser = await signedUp(auth);
		const phone = (await firstStep(auth)).browser;
		const app = await withApp(auth, browser);
		expect((await phone.get("/api/auth")).body.authenticated).toBe(false);
		const tablet = (await firstStep(auth)).browser;
		await tablet.post("/api/auth/attempt", { factor: "totp", code: app.code() });
		expect((await tablet.get("/api/auth")).body.authenticated).toBe(true);
		expect((await browser.delete("/api/auth/factors/totp")).status).toBe(200);
		expect((await tablet.get("/api/auth")).body.authenticated).toBe(false);
		expect((await browser.get("/api/auth/factors")).body.factors).toMatchObject({ totp: null, recoveryCodes: 0 });
		expect((await firstStep(auth)).answer.status).toBe(200);
	});

	it("[ASVS 7.5.1] asks for a recent proof before it is added, renamed or removed", async () => {
		const auth = openTestAuth();
		const browser = await signedUp(auth);
		await withApp(auth, browser);
		auth.clock.advance({ minutes: 11 });
		for (const [method, body] of [
			["POST"],
			["PUT", { enrolment: "x", code: "1" }],
			["PATCH", { name: "x" }],
			["DELETE"],
		] as const) {
			const answer = await browser.request(method, "/api/auth/factors/totp", body);
			expect(answer.body.code).toBe("reauthentication_required");
		}
	});

	it("is named when it is added and later, by its owner alone, and signs nobody out by that", async () => {
		const auth = openTestAuth();
		const browser = await signedUp(auth);
		const path = "/api/auth/factors/totp";
		const name = async () => (await browser.get("/api/auth/factors")).body.factors.totp?.name;
		expect((await browser.patch(path, { name: "Phone" })).body.code).toBe("factor_missing");
		const { secret, enrolment } = (await browser.post(path)).body;
		const proof = { enrolment, code: totpCode(secret, auth.clock()) };
		expect((await browser.put(path, { ...proof, name: "\u202eenohP" })).body.fields).toEqual({ name: "invalid" });
		expect((await browser.put(path, { ...proof, name: " Phone " })).status).toBe(200);
		expect(await name()).toBe("Phone");
		auth.clock.advance({ seconds: 30 });
		const { browser: tablet } = await firstStep(auth);
		await tablet.post("/api/auth/attempt", { factor: "totp", code: totpCode(secret, auth.clock()) });
		expect((await browser.patch(path, { name: "" })).body.fields).toEqual({ name: "required" });
		expect((await browser.patch(path, { name: "Old phone" })).status).toBe(200);
		expect(await name()).toBe("Old phone");
		expect((await tablet.get("/api/auth")).body.authenticated).toBe(true);
		const { events } = (await browser.get("/api/auth/events")).body;
		expect(events[0]).toMatchObject({ type: "totp.renamed" });
		const bob = await signedUp(auth, { email: "bob@example.com", password: ada.password });
		expect((await bob.patch(path, { name: "Mine" })).body.code).toBe("factor_missing");
		expect(await name()).toBe("Old phone");
	});

	it("lies sealed in the database, and under a new secret once it has been used", async () => {
		const auth = openTestAuth();
		const app = await withApp(auth, await signedUp(auth));
		const sealed = () => String(rows(auth, "SELECT sealed FROM latchkey_totp")[0]?.sealed);
		const before = sealed();
		expect(before).not.toContain(app.secret);
		const newSecret = "another-secret-for-tests-9876543210-zyxwvu";
		const rotated = openBeside(auth, { secret: `${newSecret},${testSecret}` });
		const { browser } = await firstStep(rotated);
		expect((await browser.post("/api/auth/attempt", { factor: "totp", code: app.code() })).status).toBe(200);
		expect(sealed()).not.toBe(before);
		auth.clock.advance({ seconds: 30 });
		const after = openBeside(auth, { secret: newSecret });
		expect(await isRight(after, app.code())).toBe(true);
	});
});

/** Whether the app's code is right under another engine's keys; the password was sealed under the old ones. */
async function isRight(auth: TestAuth, code: string): Promise<boolean> {
	const engine = await auth.engine();
	const found = await engine.storage.findCredentials({ kind: "email", canonical: ada.email });
	return checkTotp(engine, found!.user.id, code);
}
