import type { TestAnswer, TestBrowser } from "../src/lib/testing/test-browser.ts";
import { ada } from "./harness.ts";

/** What asks whoever is signed in for a recent proof: the address, the password, factors, and what cannot be taken back. */
export function dangerousActs(browser: TestBrowser): Readonly<Record<string, () => Promise<TestAnswer>>> {
	return {
		"change the address": () => browser.post("/api/auth/email-verifications", { email: "new@example.com" }),
		"change the user name": () => browser.patch("/api/auth/user", { username: "ada" }),
		"set up an app": () => browser.post("/api/auth/factors/totp"),
		"add an app": () => browser.put("/api/auth/factors/totp", { enrolment: "x", code: "000000" }),
		"rename the app": () => browser.patch("/api/auth/factors/totp", { name: "Phone" }),
		"remove the app": () => browser.delete("/api/auth/factors/totp"),
		"make recovery codes": () => browser.post("/api/auth/factors/recovery-codes"),
		"switch the second step on": () => browser.patch("/api/auth/factors", { secondStep: true }),
		"switch the second step off": () => browser.patch("/api/auth/factors", { secondStep: false }),
		"make a passkey": () => browser.post("/api/auth/passkeys/challenges", { for: "registration" }),
		"make a passkey in passing": () =>
			browser.post("/api/auth/passkeys/challenges", { for: "registration", upgrade: true }),
		"rename a passkey": () => browser.patch("/api/auth/passkeys/none", { name: "Phone" }),
		"remove a passkey": () => browser.delete("/api/auth/passkeys/none"),
		"choose a first password": () => browser.post("/api/auth/password", { newPassword: ada.password }),
		"take the data": () => browser.get("/api/auth/user/export"),
		"delete the account": () => browser.delete("/api/auth/user"),
	};
}
