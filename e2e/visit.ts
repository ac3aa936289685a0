import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, inject } from "vitest";

export const origin = inject("origin");
export const password = "correct horse battery";

let connecting: Promise<Browser> | null = null;
const contexts: BrowserContext[] = [];

afterEach(async () => {
	for (const context of contexts.splice(0)) await context.close();
});

afterAll(async () => {
	await (await connecting)?.close();
	connecting = null;
});

/** A browser window of somebody who was never here. */
export async function visit(options: BrowserContextOptions = {}): Promise<Page> {
	connecting ??= chromium.connect(inject("browser"));
	const context = await (await connecting).newContext({ baseURL: origin, ...options });
	contexts.push(context);
	return context.newPage();
}

let people = 0;

/** An address that nobody has yet. */
export function newAddress(): string {
	people += 1;
	return `person-${process.pid}-${Date.now()}-${people}@example.com`;
}

/** Registers through the form. */
export async function signUpBy(page: Page, address: string): Promise<void> {
	await page.goto("/sign-up");
	await page.getByLabel("E-mail address").fill(address);
	await page.getByLabel(/^Password/).fill(password);
	await page.getByRole("button", { name: "Sign up" }).click();
	await page.waitForURL("/");
}
