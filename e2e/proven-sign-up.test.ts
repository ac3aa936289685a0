import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Application, startApplication } from "./application.ts";
import { complaint, mailTo as mailIn, newAddress, password, visit } from "./visit.ts";

const folder = mkdtempSync(join(tmpdir(), "latchkey proven "));
let application: Application;

beforeAll(async () => {
	const database = { AUTH_DATABASE_URL: `file:${join(folder, "auth.db")}` };
	application = await startApplication({ ...database, EMAIL_VERIFICATION: "required" });
});

afterAll(async () => {
	await application?.stop();
	rmSync(folder, { recursive: true, force: true });
});

const submit = (page: Page) =>
	page.locator("main form:has([name=identifier],[name=code]) [type=submit]:visible").click();

async function fillIn(page: Page, address: string): Promise<void> {
	await page.goto("/sign-up?next=/account/devices");
	await page.locator("[name=identifier]:visible").fill(address);
}

const mailTo = (address: string, subject: RegExp) => mailIn(address, subject, application.origin);

const isSignedIn = async (page: Page) => (await (await page.request.get("/api/auth")).json()).authenticated;

describe.each([
	{ javaScriptEnabled: true, title: "with JavaScript" },
	{ javaScriptEnabled: false, title: "without JavaScript" },
])("where an address is proven before there is an account, $title", ({ javaScriptEnabled }) => {
	const come = () => visit({ javaScriptEnabled, baseURL: application.origin });

	it("a sign-up is finished by the code, after a wrong one, and goes where it was going", async () => {
		const page = await come();
		const address = newAddress();
		await fillIn(page, address);
		await page.locator("[name=new_password]:visible").fill(password);
		await submit(page);
		await page.waitForURL("/verify-email?next=%2Faccount%2Fdevices");
		await page.getByText(address).waitFor();
		expect(await isSignedIn(page)).toBe(false);
		await page.locator("[name=code]:visible").fill("000000");
		await submit(page);
		await complaint(page).filter({ hasText: "This code is wrong" }).waitFor();
		const { code } = await mailTo(address, /is your code/);
		await page.locator("[name=code]:visible").fill(`${code.slice(0, 3)} ${code.slice(3)}`);
		await submit(page);
		await page.waitForURL("/account/devices");
		const { user } = await (await page.request.get("/api/auth")).json();
		expect(user).toMatchObject({ email: address, emailVerified: true });
	});

	it("[A36] or by the link, in this browser; elsewhere that shows the code and makes nothing", async () => {
		const page = await come();
		const address = newAddress();
		await fillIn(page, address);
		await page.locator("[name=new_password]:visible").fill(password);
		await submit(page);
		await page.locator("[name=code]:visible").waitFor();
		const { link, code } = await mailTo(address, /is your code/);
		const scanner = await visit({ baseURL: application.origin });
		await scanner.goto(link);
		await scanner.getByText(`${code.slice(0, 3)} ${code.slice(3)}`).waitFor();
		expect(await scanner.locator("main button").count()).toBe(0);
		expect(await isSignedIn(scanner)).toBe(false);
		await page.goto(link);
		await page.getByText("Good until").waitFor();
		await page.getByRole("button", { name: /Confirm/ }).click();
		await page.waitForURL("/account/email?done");
		expect(await isSignedIn(page)).toBe(true);
	});

	it("[A20] an address that has an account is answered alike, and its owner is told", async () => {
		const owner = await come();
		const address = newAddress();
		const signUp = async (page: Page) => {
			await fillIn(page, address);
			await page.locator("[name=new_password]:visible").fill(password);
			await submit(page);
			await page.waitForURL("/verify-email?next=%2Faccount%2Fdevices");
			return page.getByText("has no account yet").textContent();
		};
		const first = await signUp(owner);
		await owner.locator("[name=code]:visible").fill((await mailTo(address, /is your code/)).code);
		await submit(owner);
		await owner.waitForURL("/account/devices");
		const stranger = await come();
		expect(await signUp(stranger)).toBe(first);
		await mailTo(address, /You have an account/);
		await stranger.getByRole("link", { name: /Sign up again/ }).click();
		await stranger.waitForURL("/sign-up");
	});
});

it("where an address is proven first, a passkey signs up in the place of a password", async () => {
	const page = await visit({ baseURL: application.origin });
	const cdp = await page.context().newCDPSession(page);
	await cdp.send("WebAuthn.enable", { enableUI: false });
	await cdp.send("WebAuthn.addVirtualAuthenticator", {
		options: {
			protocol: "ctap2",
			transport: "internal",
			hasResidentKey: true,
			hasUserVerification: true,
			isUserVerified: true,
			automaticPresenceSimulation: true,
		},
	});
	const address = newAddress();
	await fillIn(page, address);
	await page.getByRole("button", { name: "Sign up with a passkey" }).click();
	await page.waitForURL("/verify-email?next=%2Faccount%2Fdevices");
	await page.locator("[name=code]:visible").fill((await mailTo(address, /is your code/)).code);
	await submit(page);
	await page.waitForURL("/account/devices");
	const { session, user } = await (await page.request.get("/api/auth")).json();
	expect(user).toMatchObject({ email: address, emailVerified: true });
	expect(session.amr).toContain("hwk");
});
