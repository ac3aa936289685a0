import type { BrowserContextOptions } from "playwright-core";
import { expect, it } from "vitest";
import { complaint, password, registerWithoutPassword, signInBy, visit } from "./visit.ts";

it.each<[string, BrowserContextOptions]>([
	["with JavaScript", {}],
	["without JavaScript", { javaScriptEnabled: false }],
])("gives a password to somebody who has none, %s", async (_, options) => {
	const page = await visit(options);
	const email = await registerWithoutPassword(page);
	await page.goto("/account/security");
	await page.getByRole("link", { name: "Set up: Password" }).click();
	await page.waitForURL("/account/password");
	expect(await page.locator("h1:visible").textContent()).toBe("Choose a password");
	expect(await page.locator("input[autocomplete=username]").inputValue()).toBe(email);
	const field = page.getByLabel("New password", { exact: true });
	expect(await field.getAttribute("autocomplete")).toBe("new-password");
	await field.fill("password123");
	await page.getByRole("button", { name: "Choose this password" }).click();
	await complaint(page).waitFor();
	expect(await page.content()).not.toContain("password123");
	await page.getByLabel("New password", { exact: true }).fill(password);
	await page.getByRole("button", { name: "Choose this password" }).click();
	// The form is gone, so that password managers offer to keep it.
	await page.waitForURL("/account/password?saved=first");
	expect(await page.locator("input[type=password]:visible").count()).toBe(0);
	await page.getByRole("link", { name: "Change it again" }).click();
	await page.getByLabel("Present password").waitFor();

	await page.context().clearCookies();
	await page.goto("/sign-in");
	await signInBy(page, email);
	await page.waitForURL("/dashboard");
});
