import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { startApplication } from "./application.ts";
import { complaint, mailTo, newAddress, origin, password, register, visit } from "./visit.ts";

const newPassword = "another horse staple";

/** What looks at a link before the person does: asks for its head, and renders it with all its scripts. */
async function scan(link: string): Promise<void> {
	await fetch(link, { method: "HEAD", redirect: "manual" });
	const scanner = await visit();
	await scanner.goto(link, { waitUntil: "networkidle" });
	expect(await scanner.locator("main form").count()).toBeGreaterThan(0);
	expect((await scanner.context().cookies()).map(({ name }) => name)).toEqual(["mail-link"]);
}

/** Sends the last form that has something to type into or to decide; those of outside providers have only a button. */
const submit = (page: Page) => page.locator("main form:not([action*='/oauth/']) [type=submit]:visible").last().click();

async function askForCode(page: Page, address: string): Promise<void> {
	await page.goto("/sign-in/code");
	await page.locator("[name=identifier]:visible").fill(address);
	await submit(page);
	await page.locator("[name=code]:visible").waitFor();
}

describe.each([
	{ javaScriptEnabled: true, title: "with JavaScript" },
	{ javaScriptEnabled: false, title: "without JavaScript" },
])("by mail, $title", ({ javaScriptEnabled }) => {
	const come = () => visit({ javaScriptEnabled });

	it("[A36] a forgotten password is replaced, and its link stands in no address, referrer or history", async () => {
		const address = await register(await visit());
		const page = await come();
		const asked: string[] = [];
		page.on("request", (request) => asked.push(`${request.url()} ${request.headers().referer ?? ""}`));
		await page.goto("/forgot-password");
		await page.locator("[name=identifier]:visible").fill(address);
		await submit(page);
		await page.getByText("a link is on its way").waitFor();
		const { link } = await mailTo(address, /Choose a new password/);
		await scan(link);
		await page.goto(link);
		expect(page.url()).toBe(`${origin}/reset-password`);
		expect(await page.content()).not.toContain(link.split("/").at(-1));
		await page.getByLabel("New password", { exact: true }).fill("short");
		await submit(page);
		await complaint(page).filter({ hasText: "8 characters" }).waitFor();
		await page.getByLabel("New password", { exact: true }).fill(newPassword);
		await submit(page);
		await page.waitForURL("/sign-in?reset");
		expect(asked.filter((line) => line.includes("mail-links"))).toEqual([`${link} `]);

		await page.locator("[name=identifier]:visible").fill(address);
		await page.locator("[name=password]:visible").fill(newPassword);
		await submit(page);
		await page.waitForURL("/dashboard");
		await page.goto(link);
		await page.getByLabel("New password", { exact: true }).fill(password);
		await submit(page);
		await complaint(page).filter({ hasText: "was used or has expired" }).waitFor();
	});

	it("a code signs in as it is pasted, and a wrong one says so", async () => {
		const address = await register(await visit());
		const page = await come();
		await askForCode(page, address);
		await page.locator("[name=code]:visible").fill("000000");
		await submit(page);
		await complaint(page).filter({ hasText: "This code is wrong" }).waitFor();
		const { code } = await mailTo(address, /is your code/);
		await page.locator("[name=code]:visible").fill(` ${code.slice(0, 3)}-${code.slice(3)} `);
		await submit(page);
		await page.waitForURL("/dashboard");
	});

	it("[A36] a link signs in by a click where it was asked for, and shows the code anywhere else", async () => {
		const address = await register(await visit());
		const page = await come();
		await askForCode(page, address);
		const { link, code } = await mailTo(address, /is your code/);

		// A scanner that renders the page and presses every button of it.
		const scanner = await visit();
		await scanner.goto(link);
		await scanner.getByText(`${code.slice(0, 3)} ${code.slice(3)}`).waitFor();
		expect(await scanner.locator("main button").count()).toBe(0);
		expect((await scanner.context().cookies()).map(({ name }) => name)).toEqual(["mail-link"]);

		await page.goto(link);
		await page.getByRole("button", { name: /Sign in as/ }).click();
		await page.waitForURL("/dashboard");
	});

	it("[A36] an address is confirmed, then changed, and the change taken back by the old one", async () => {
		const page = await come();
		const address = newAddress();
		await page.goto("/sign-up");
		await page.locator("[name=identifier]:visible").fill(address);
		await page.locator("[name=new_password]:visible").fill(password);
		await submit(page);
		await page.waitForURL("/dashboard");
		await page.goto("/verify-email");
		await page.locator("[name=code]:visible").fill((await mailTo(address, /Confirm your address/)).code);
		await submit(page);
		await page.getByText("Your address is confirmed.").waitFor();

		const other = newAddress();
		await page.locator("[name=identifier]:visible").fill(other);
		await submit(page);
		await page.waitForURL("/verify-email?sent");
		await page.goto((await mailTo(other, /Confirm your new address/)).link);
		await page.getByRole("button", { name: /Confirm/ }).click();
		await page.waitForURL("/account/email?done");
		await page.locator("#content").getByText(other, { exact: true }).waitFor();

		const owner = await come();
		const undo = (await mailTo(address, /was changed/)).link;
		await scan(undo);
		await owner.goto(undo);
		await owner.getByRole("button", { name: "Take it back" }).click();
		await owner.waitForURL("/forgot-password?undone");
		await page.goto("/account/email");
		expect(new URL(page.url()).pathname).toBe("/sign-in");
	});

	it("[A36] a deletion can be taken back for a week", async () => {
		const address = await register(await visit());
		const page = await come();
		await askForCode(page, address);
		await page.locator("[name=code]:visible").fill((await mailTo(address, /is your code/)).code);
		await submit(page);
		await page.waitForURL("/dashboard");
		// The first proof of the address took the password of whoever had signed up, so it is chosen anew.
		await page.goto("/forgot-password");
		await page.locator("[name=identifier]:visible").fill(address);
		await submit(page);
		await page.getByText("a link is on its way").waitFor();
		await page.goto((await mailTo(address, /Choose a new password/)).link);
		await page.getByLabel("New password", { exact: true }).fill(newPassword);
		await submit(page);
		await page.waitForURL("/sign-in?reset");
		await page.locator("[name=identifier]:visible").fill(address);
		await page.locator("[name=password]:visible").fill(newPassword);
		await submit(page);
		await page.waitForURL("/dashboard");

		await page.goto("/account/data");
		await page.locator("[name=password]:visible").fill(newPassword);
		await submit(page);
		await page.waitForURL(/\/goodbye\?deletes=/);
		await page.getByText("Your account will be deleted on").waitFor();
		const keep = (await mailTo(address, /will be deleted/)).link;
		await scan(keep);
		await page.goto(keep);
		await page.getByRole("button", { name: "Keep the account" }).click();
		await page.waitForURL("/sign-in?kept");
	});
});

it("the mailbox is there for local development and nowhere else", async () => {
	const application = await startApplication({ AUTH_URL: "https://example.com", AUTH_DATABASE_URL: "file::memory:" });
	try {
		for (const path of ["/dev/mailbox", "/dev/mailbox/01980000-0000-7000-8000-000000000000"]) {
			expect((await fetch(application.origin + path)).status).toBe(404);
		}
		expect(await (await fetch(`${application.origin}/forgot-password?sent`)).text()).not.toContain("/dev/mailbox");
	} finally {
		await application.stop();
	}
	expect((await fetch(`${origin}/dev/mailbox`)).status).toBe(200);
});
