import { describe, expect, it } from "vitest";
import { firstStep, withApp } from "../../../test/factors.ts";
import { ada, openTestAuth, signedUp, type TestAuth } from "../../../test/harness.ts";
import { main } from "../cli/main.ts";
import { throttleRules } from "../http/throttle.ts";
import { rulesOf } from "./verify-factor.ts";

type CodeFactor = keyof typeof rulesOf;

/** Ada with an app, a factor of hers having had ninety wrong codes in a row. */
async function withStopped(factor: CodeFactor) {
	const auth = openTestAuth();
	const app = await withApp(auth, await signedUp(auth));
	const { storage, throttle } = await auth.engine();
	const userId = (await storage.findCredentials({ kind: "email", canonical: ada.email }))!.user.id;
	const { stop } = rulesOf[factor];
	const wrong = { rule: stop, subject: userId };
	for (let count = 0; count < throttleRules[stop].limit; count++) expect((await throttle.admit([wrong])).ok).toBe(true);
	const code = { totp: () => app.code(), recovery_code: () => app.recoveryCodes[0] };
	const show = async () => {
		const { browser } = await firstStep(auth);
		return (await browser.post("/api/auth/attempt", { factor, code: code[factor]() })).status;
	};
	expect(await show()).toBe(429);
	return { auth, show };
}

async function unlock({ file }: TestAuth, args: readonly string[], more: Record<string, string> = {}) {
	const said: string[] = [];
	const say = (text: string) => void said.push(text);
	const env = { AUTH_DATABASE_URL: `file:${file}`, ...more };
	return { code: await main(["unlock", ...args], { cwd: "/", env, print: say, warn: say }), said: said.join("\n") };
}

describe("[ASVS 6.3.1] the hard stop of a factor is lifted from the command line", () => {
	it.each([
		["totp", "totp", "The authenticator app of ada@example.com can be used again."],
		["recovery_code", "recovery-code", "The recovery codes of ada@example.com can be used again."],
	] as const)("for %s, and for no other", async (factor, option, words) => {
		const { auth, show } = await withStopped(factor);
		const other = option === "totp" ? "recovery-code" : "totp";
		expect((await unlock(auth, [ada.email])).code).toBe(0);
		expect((await unlock(auth, [ada.email, "--factor", other])).code).toBe(0);
		expect(await show()).toBe(429);
		expect(await unlock(auth, [ada.email, "--factor", option])).toEqual({ code: 0, said: words });
		expect(await show()).toBe(200);
		const events = await auth.engine().then(async ({ storage }) => {
			const { user } = (await storage.findCredentials({ kind: "email", canonical: ada.email }))!;
			return storage.listEvents(user.id, { limit: 20 });
		});
		expect(events.find(({ type, detail }) => type === "factor.enabled" && detail?.factor === factor)).toMatchObject({
			detail: { factor, by: "command line" },
		});
	});

	it("by whoever has the database and no secret", async () => {
		const { auth, show } = await withStopped("totp");
		// Nor may they read what the application reads.
		const unreadable = { AUTH_SECRET_FILE: "/nothing/here", AUTH_PEPPER_FILE: "/nothing/here" };
		expect(await unlock(auth, [ada.email, "--factor", "totp"], unreadable)).toMatchObject({ code: 0 });
		expect(await show()).toBe(200);
	});

	it.each([
		[["nobody@example.com", "--factor", "totp"], 1, 'nobody is called "nobody@example.com"'],
		[["bob", "--factor", "totp"], 1, "bob has no authenticator app"],
		[["bob", "--factor", "recovery-code"], 1, "bob has no recovery codes"],
		[["bob", "--factor", "passkey"], 2, '--factor is password, totp or recovery-code, not "passkey"'],
		[["bob", "--factor", "constructor"], 2, "not "],
	] as const)("or not, and it says why: %j", async (args, code, words) => {
		const auth = openTestAuth();
		await signedUp(auth, { username: "bob", password: ada.password });
		const answer = await unlock(auth, args);
		expect(answer.code).toBe(code);
		expect(answer.said).toContain(words);
	});
});
