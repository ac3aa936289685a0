import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import type { BrowserContextOptions, Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { totpCode } from "../packages/latchkey/test/factors.ts";
import { complaint, password, register, signInBy, visit } from "./visit.ts";

/** Each code counts once; those of the step before and of the step after are good too. */
let step = 0;

/** The code of the app whose secret the page shows. */
async function secretOn(page: Page): Promise<string> {
	return (await page.locator("main code").first().textContent())!.replaceAll(/\s/g, "");
}

/** The code of the step before, in a step that is young enough for it to be good when it arrives. */
async function codeOfBefore(secret: string): Promise<string> {
	const leftMs = 30_000 - (Date.now() % 30_000);
	if (leftMs < 15_000) await sleep(leftMs);
	return totpCode(secret, Date.now() - 30_000);
}

/** Adds an app on the account page, and answers its secret and the recovery codes. */
async function addApp(page: Page): Promise<{ secret: string; codes: string[] }> {
	await page.goto("/account/security/app");
	const secret = await secretOn(page);
	await page.getByLabel("Code from the app").fill(await codeOfBefore(secret));
	await page.getByRole("button", { name: "Add the app" }).click();
	await page.getByRole("heading", { name: "Your recovery codes" }).waitFor();
	return { secret, codes: await page.locator("main li code").allTextContents() };
}

const next = (secret: string) => totpCode(secret, Date.now() + 30_000 * step++);

describe.each<[string, BrowserContextOptions]>([
	["with JavaScript", {}],
	["without JavaScript", { javaScriptEnabled: false }],
])("an authenticator app, %s", (_, options) => {
	it("is added, asked for at sign-in, stood in for by a recovery code, renamed and removed", async () => {
		step = 0;
		const page = await visit(options);
		const email = await register(page);
		await page.goto("/account/security");
		await page.getByRole("link", { name: "Set up: Authenticator app" }).click();
		await page.waitForURL("/account/security/app");

		const first = await secretOn(page);
		expect(await page.locator("main svg[role=img]").getAttribute("aria-label")).toContain("QR code");
		await page.getByLabel("Code from the app").fill("000000");
		await page.getByRole("button", { name: "Add the app" }).click();
		await complaint(page).waitFor();
		// The app that was scanned before the typing error is still the one.
		expect(await secretOn(page)).toBe(first);
		const code = await codeOfBefore(first);
		await page.getByLabel("Code from the app").fill(`${code.slice(0, 3)} ${code.slice(3)}`);
		await page.getByLabel("Name (optional)").fill("Old phone");
		await page.getByRole("button", { name: "Add the app" }).click();
		await page.getByRole("heading", { name: "Your recovery codes" }).waitFor();
		const codes = await page.locator("main li code").allTextContents();
		expect(codes).toHaveLength(10);
		await page.getByRole("link", { name: "Go on" }).click();
		await page.waitForURL("/account/security?saved");
		expect(await page.getByText("10 codes left").count()).toBe(1);

		await page.context().clearCookies();
		await page.goto("/sign-in?next=/account");
		await signInBy(page, email);
		await page.waitForURL("/sign-in/second-step?next=%2Faccount");
		expect((await page.request.get("/api/auth/user")).status()).toBe(401);
		const field = page.getByLabel("Code from your authenticator app");
		expect(await field.getAttribute("autocomplete")).toBe("one-time-code");
		expect(await field.getAttribute("inputmode")).toBe("numeric");
		await field.fill("123 456");
		await page.locator("main").getByRole("button", { name: "Sign in" }).click();
		await complaint(page).waitFor();
		await page.getByLabel("Code from your authenticator app").fill(next(first));
		await page.locator("main").getByRole("button", { name: "Sign in" }).click();
		await page.waitForURL("/account");

		await page.context().clearCookies();
		await page.goto("/sign-in");
		await signInBy(page, email);
		await page.getByRole("link", { name: "I have a recovery code" }).click();
		await page.getByLabel("Recovery code").fill(codes[3]!.toLowerCase().replaceAll("-", " "));
		await page.locator("main").getByRole("button", { name: "Sign in" }).click();
		await page.waitForURL("/dashboard");
		await page.getByText("You signed in with a recovery code").waitFor();
		expect(await page.getByText("9 codes left").count()).toBe(1);

		await page.goto("/account/security");
		expect(await page.getByText("Old phone").count()).toBe(1);
		await page.goto("/account/security/app");
		expect(await page.getByLabel("Name").inputValue()).toBe("Old phone");
		await page.getByLabel("Name").fill(" ");
		await page.getByRole("button", { name: "Rename" }).click();
		await complaint(page).waitFor();
		await page.getByLabel("Name").fill("New phone");
		await page.getByRole("button", { name: "Rename" }).click();
		await page.waitForURL("/account/security/app?renamed");
		expect(await page.getByLabel("Name").inputValue()).toBe("New phone");
		await page.getByRole("button", { name: "Remove the app" }).click();
		await page.waitForURL("/account/security/app?removed");
		await page.context().clearCookies();
		await page.goto("/sign-in");
		await signInBy(page, email);
		await page.waitForURL("/dashboard");
	});
});

it("drops a sign-in that waits, and says so when it waited too long", async () => {
	const page = await visit();
	const email = await register(page);
	await addApp(page);
	await page.context().clearCookies();
	await page.goto("/sign-in");
	await signInBy(page, email);
	await page.waitForURL("/sign-in/second-step");
	await page.getByRole("button", { name: "Start over" }).click();
	await page.waitForURL("/sign-in");
	await page.goto("/sign-in/second-step");
	await page.getByRole("link", { name: "Go to the sign-in page" }).waitFor();
});

it("confirms in a tab of its own, beside a form that waits", async () => {
	const page = await visit();
	await register(page);
	await page.goto("/reauthenticate?next=/reauthenticate/done");
	await page.getByLabel("Password", { exact: true }).fill(password);
	await page.getByRole("button", { name: "Confirm" }).click();
	await page.waitForURL("/reauthenticate/done");
});

it("raises a session to two factors, with what has not been shown yet", async () => {
	step = 0;
	const page = await visit();
	await register(page);
	await page.goto("/reauthenticate?why=level&next=/dashboard");
	await page.getByRole("link", { name: "Set up a second factor" }).waitFor();
	const { secret } = await addApp(page);
	await page.goto("/reauthenticate?why=level&next=/dashboard");
	expect(await page.getByLabel("Password", { exact: true }).count()).toBe(0);
	await page.getByLabel("Code from your authenticator app").fill(next(secret));
	await page.getByRole("button", { name: "Confirm" }).click();
	await page.waitForURL("/dashboard");
	const { session } = await (await page.request.get("/api/auth")).json();
	expect(session).toMatchObject({ level: "aal2", amr: ["pwd", "otp", "mfa"] });
});

it("makes new recovery codes, without JavaScript too", async () => {
	const page = await visit({ javaScriptEnabled: false });
	await register(page);
	await page.goto("/account/security/recovery-codes");
	expect(await page.getByText("Add an authenticator app or a passkey first").count()).toBe(1);
	const { codes } = await addApp(page);
	await page.goto("/account/security/recovery-codes");
	await page.getByRole("button", { name: "Make new codes" }).click();
	const renewed = await page.locator("main li code").allTextContents();
	expect(renewed).toHaveLength(10);
	expect(renewed.filter((code) => codes.includes(code))).toEqual([]);
	expect(await downloaded(page)).toBe(`${renewed.join("\r\n")}\r\n`);
	await page.getByRole("link", { name: "Go on" }).click();
	await page.waitForURL("/account/security");
	expect(await page.content()).not.toContain(renewed[0]);
});

describe.each<[string, BrowserContextOptions]>([
	["with JavaScript", {}],
	["without JavaScript", { javaScriptEnabled: false }],
])("a trusted device, %s", (_, options) => {
	it("is chosen at the second step, asked again for what matters without losing a form, and forgotten on the devices page", async () => {
		step = 0;
		const page = await visit(options);
		const email = await register(page);
		const { secret } = await addApp(page);
		const signOut = () => page.context().clearCookies({ name: /session$/ });
		const trust = page.getByLabel("Do not ask on this device again for 30 days");

		await signOut();
		await page.goto("/sign-in");
		await signInBy(page, email);
		await page.waitForURL("/sign-in/second-step");
		expect(await trust.isChecked()).toBe(false);
		await trust.check();
		await page.getByLabel("Code from your authenticator app").fill("000000");
		await page.locator("main").getByRole("button", { name: "Sign in" }).click();
		await complaint(page).waitFor();
		expect(await trust.isChecked()).toBe(true);
		await page.getByLabel("Code from your authenticator app").fill(next(secret));
		await page.locator("main").getByRole("button", { name: "Sign in" }).click();
		await page.waitForURL("/dashboard");

		await signOut();
		await page.goto("/sign-in");
		await signInBy(page, email);
		await page.waitForURL("/dashboard");
		const { session } = await (await page.request.get("/api/auth")).json();
		expect(session).toMatchObject({ level: "aal1", amr: ["pwd", "device"] });

		// What matters asks for the second step all the same, beside the form, which keeps what was typed.
		const username = `trusting-${Date.now()}`;
		await page.goto("/account");
		await page.getByLabel("User name").fill(username);
		await page.getByRole("button", { name: "Save" }).click();
		const opened = page.context().waitForEvent("page");
		await complaint(page).getByRole("link", { name: "Confirm it" }).click();
		const tab = await opened;
		await tab.getByLabel("Password", { exact: true }).fill(password);
		await tab.getByRole("button", { name: "Confirm" }).click();
		await tab.waitForURL("/sign-in/second-step?next=%2Freauthenticate%2Fdone");
		await tab.getByLabel("Code from your authenticator app").fill(next(secret));
		await tab.locator("main").getByRole("button", { name: "Sign in" }).click();
		await tab.waitForURL("/reauthenticate/done");
		await tab.close();
		expect(await page.getByLabel("User name").inputValue()).toBe(username);
		await page.getByRole("button", { name: "Save" }).click();
		await page.waitForURL("/account?saved");

		await page.goto("/account/devices");
		await page.getByRole("heading", { name: "Trusted devices" }).waitFor();
		await page.getByRole("button", { name: /^Ask again there: / }).click();
		await page.waitForURL("/account/devices?done=forgotten");
		await page.getByText("That device is asked for the second step again.").waitFor();
		expect(await page.getByRole("heading", { name: "Trusted devices" }).count()).toBe(0);
		await signOut();
		await page.goto("/sign-in");
		await signInBy(page, email);
		await page.waitForURL("/sign-in/second-step");
	});
});
it("shows recovery codes once: to keep, to print, and not when the page comes back", async () => {
	const page = await visit();
	await register(page);
	const { codes } = await addApp(page);
	expect(await downloaded(page)).toBe(`${codes.join("\r\n")}\r\n`);
	await page.emulateMedia({ media: "print", colorScheme: "dark" });
	expect(await page.locator("main li code").first().isVisible()).toBe(true);
	for (const hidden of ["header", "footer", "nav", "main button", "main a"]) {
		expect(await page.locator(hidden).filter({ visible: true }).count(), hidden).toBe(0);
	}
	const paper = () => getComputedStyle(document.documentElement).backgroundColor;
	expect(await page.evaluate(paper)).toBe("rgb(248, 247, 244)");
	await page.emulateMedia({ media: "screen", colorScheme: "light" });

	// The router keeps the page that is left, hidden, and shows it again on the way back.
	await page.getByRole("link", { name: "Devices" }).click();
	await page.getByRole("heading", { name: "Devices", level: 1 }).waitFor();
	await page.goBack();
	await page.waitForURL("/account/security/app");
	await expect.poll(() => page.locator("main li code").count()).toBe(0);
	expect(await page.content()).not.toContain(codes[0]);

	await page.goto("/account/security/recovery-codes");
	await page.getByRole("button", { name: "Make new codes" }).click();
	await page.getByRole("heading", { name: "Your recovery codes" }).waitFor();
	// The browser's own cache takes a picture of the page right after this.
	await page.evaluate(() => dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true })));
	expect(await page.locator("main li code").count()).toBe(0);
	expect(await page.getByText("The codes were shown once").count()).toBe(1);
});

/** What the button to download hands out. */
async function downloaded(page: Page): Promise<string> {
	const [download] = await Promise.all([
		page.waitForEvent("download"),
		page.getByRole("link", { name: "Download" }).click(),
	]);
	expect(download.suggestedFilename()).toBe("recovery-codes.txt");
	return text(await download.createReadStream());
}
