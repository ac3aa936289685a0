import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, inject, vi } from "vitest";
import { TestAuthenticator } from "../packages/latchkey/src/lib/testing/test-authenticator.ts";

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
	const page = await visitForAll(options);
	contexts.push(page.context());
	return page;
}

/** The same, open until the tests of the file are through. */
export async function visitForAll(options: BrowserContextOptions = {}): Promise<Page> {
	connecting ??= chromium.connect(inject("browser"));
	const context = await (await connecting).newContext({ baseURL: origin, ...options });
	return context.newPage();
}

let people = 0;

/** An address that nobody has yet. */
export function newAddress(): string {
	people += 1;
	return `person-${process.pid}-${Date.now()}-${people}@example.com`;
}

/** Registers through the form, and ends on the dashboard. */
export async function signUpBy(page: Page, address: string): Promise<void> {
	await sendSignUp(page, address);
	await page.waitForURL("/dashboard");
}

/** Fills the form to register in, and sends it. */
export async function sendSignUp(page: Page, address: string): Promise<void> {
	await page.goto("/sign-up");
	await page.getByLabel("E-mail address").fill(address);
	await page.getByLabel("Password", { exact: true }).fill(password);
	await page.getByRole("button", { name: "Create account" }).click();
}

/** Signs in through the form, where it stands. */
export async function signInBy(page: Page, identifier: string, typed = password): Promise<void> {
	await page.getByLabel("E-mail address or user name").fill(identifier);
	await page.getByLabel("Password", { exact: true }).fill(typed);
	await page.locator("main").getByRole("button", { name: "Sign in" }).click();
}

/** Registers without the form, which is faster, and answers the address. The page's context is signed in. */
export async function register(page: Page, name?: string): Promise<string> {
	const email = newAddress();
	const data = { email, password, ...(name !== undefined && { name }) };
	const answer = await page.request.post("/api/auth/sign-up", { data });
	if (answer.status() !== 201) throw new Error(`Sign-up was answered with ${answer.status()}`);
	return email;
}

/** Registers somebody with a passkey that no browser holds and no password. The page's context is signed in. */
export async function registerWithoutPassword(page: Page): Promise<string> {
	const email = newAddress();
	const { request } = page;
	const data = { for: "sign-up", email };
	const asked = await request.post("/api/auth/passkeys/challenges", { data, headers: { origin } });
	const { options } = await asked.json();
	const credential = new TestAuthenticator({ origin }).create(options);
	const answer = await request.post("/api/auth/sign-up/passkey", { data: { credential }, headers: { origin } });
	if (answer.status() !== 201) throw new Error(`Sign-up was answered with ${answer.status()}`);
	return email;
}

/** What the page says went wrong. */
export function complaint(page: Page) {
	return page.locator("main [role=alert]");
}

/** Where a message leads, in a message of {@link mailbox}. */
const mailLink = /href="([^"]*\/mail-links\/[^"]*)"/;

/** The messages in the mailbox of local development, newest first, as the page shows them. */
async function mailbox(of = origin): Promise<string[]> {
	const html = await (await fetch(`${of}/dev/mailbox`)).text();
	return html.split("<article").slice(1);
}

/** The newest message to an address whose subject says so, as it stands in the mailbox of local development. */
export async function mailTo(address: string, subject: RegExp, of = origin): Promise<{ link: string; code: string }> {
	const find = async () =>
		(await mailbox(of)).find((article) => article.includes(`<bdi>${address}</bdi>`) && subject.test(article));
	const article = await vi.waitUntil(find, { timeout: 20_000 });
	return {
		link: mailLink.exec(article)?.[1] ?? "",
		code: /\n {4}(\d{6})\n/.exec(article)?.[1] ?? "",
	};
}
