import { describe, expect, it } from "vitest";
import { firstStep, withApp } from "../../../test/factors.ts";
import { ada, openTestAuth, signedUp } from "../../../test/harness.ts";
import { rows } from "../../../test/instruments.ts";
import { openMailAuth } from "../../../test/mail.ts";
import { hashRecoveryCode, makeRecoveryCodes } from "./recovery-codes.ts";

describe("recovery codes", () => {
	it("[ASVS 6.5.2] [ASVS 6.5.3] are ten, of 120 bits each, in letters and digits that cannot be mistaken", () => {
		const { codes, codeHashes } = makeRecoveryCodes("ada");
		expect(new Set(codes).size).toBe(10);
		for (const code of codes) expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){5}[0-9A-HJKMNP-TV-Z]{4}$/);
		expect(codeHashes.map((hash) => hash.length)).toEqual(Array(10).fill(32));
		const characters = new Set(Array.from({ length: 50 }, () => makeRecoveryCodes("ada").codes.join("")).join(""));
		expect(characters.size).toBe(32 + 1);
	});

	it("are the same however they are typed, and each user's own", () => {
		const hash = hashRecoveryCode("ada", "AB1D-0F2G-HJKM-NPQR");
		for (const typed of ["ab1d0f2ghjkmnpqr", " aBiD 0f2g hjkm npqr ", "ABLD–OF2G–HJKM–NPQR"]) {
			expect(hashRecoveryCode("ada", typed)).toEqual(hash);
		}
		expect(hashRecoveryCode("bob", "AB1D-0F2G-HJKM-NPQR")).not.toEqual(hash);
	});

	it("[A23] [ASVS 6.5.1] each sign in once, and are gone when new ones are made", async () => {
		const auth = openTestAuth();
		const owner = await signedUp(auth);
		const { recoveryCodes } = await withApp(auth, owner);
		const use = async (code: string | undefined) => {
			const { browser } = await firstStep(auth);
			return browser.post("/api/auth/attempt", { factor: "recovery_code", code });
		};
		const [first, second] = recoveryCodes;
		const { body } = await use(first);
		expect(body.session).toMatchObject({ amr: ["pwd", "recovery", "mfa"], level: "aal2" });
		expect((await use(first)).body.code).toBe("invalid_credentials");
		expect((await owner.get("/api/auth/factors")).body.factors.recoveryCodes).toBe(9);
		const renewed = await owner.post("/api/auth/factors/recovery-codes");
		expect(renewed.status).toBe(201);
		expect((await use(second)).status).toBe(401);
		expect((await use(renewed.body.codes[9])).status).toBe(200);
	});

	it("are kept as hashes", async () => {
		const auth = openTestAuth();
		const { recoveryCodes } = await withApp(auth, await signedUp(auth));
		const stored = rows(auth, "SELECT hex(code_hash) AS hash FROM latchkey_recovery_code");
		expect(stored).toHaveLength(10);
		const [code = ""] = recoveryCodes;
		expect(JSON.stringify(stored)).not.toContain(Buffer.from(code.replaceAll("-", "")).toString("hex").toUpperCase());
	});

	it("need something to stand in for, and a recent proof", async () => {
		const auth = openTestAuth();
		const owner = await signedUp(auth);
		expect((await owner.post("/api/auth/factors/recovery-codes")).body.code).toBe("factor_missing");
		await withApp(auth, owner);
		auth.clock.advance({ minutes: 11 });
		expect((await owner.post("/api/auth/factors/recovery-codes")).body.code).toBe("reauthentication_required");
	});

	it("tell their owner when one is used and when new ones are made, without the codes", async () => {
		const auth = openMailAuth({ emailVerification: "off" });
		const owner = await signedUp(auth);
		const app = await withApp(auth, owner);
		const { browser } = await firstStep(auth);
		const code = app.recoveryCodes[0]!;
		expect((await browser.post("/api/auth/attempt", { factor: "recovery_code", code })).status).toBe(200);
		const told = async (words: string) => (await auth.mails()).find(({ text }) => text.includes(words));
		const used = await told("A recovery code was used");
		expect(used).toMatchObject({ kind: "notice", to: ada.email });
		expect((await owner.post("/api/auth/factors/recovery-codes")).status).toBe(201);
		expect(await told("New recovery codes were made")).toMatchObject({ to: ada.email });
		for (const { text, html } of await auth.mails())
			for (const one of app.recoveryCodes) expect(`${text}${html}`).not.toContain(one);
	});
});
