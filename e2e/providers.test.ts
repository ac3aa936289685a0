import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { complaint, mailTo, newAddress, password, register, signInBy, visit } from "./visit.ts";

const continueWith = { name: "Continue with the example provider" };

/** Picks somebody at the example provider, where the page has gone. */
async function choose(page: Page, name: string): Promise<void> {
	await page.getByRole("heading", { name: "Who are you today?" }).waitFor();
	await page.getByRole("button", { name }).click();
}

describe.each([true, false])("with JavaScript: %s", (javaScriptEnabled) => {
	// Each person is new once only, in whatever order the tests run: nobody else is these.
	const nameless = javaScriptEnabled ? "Sofia Kovalevskaya" : "Lise Meitner";
	const unproven = javaScriptEnabled ? "Emmy Noether" : "Hedy Lamarr";

	it("signs in at a real OpenID provider, from a page whose policy lets forms go nowhere else, and back", async () => {
		const page = await visit({ javaScriptEnabled });
		const violations: string[] = [];
		page.on("console", (message) => {
			if (/content security policy/i.test(message.text())) violations.push(message.text());
		});
		await page.goto("/account/appearance");
		await page.waitForURL("/sign-in?next=%2Faccount%2Fappearance");
		await page.getByRole("button", continueWith).click();
		await choose(page, nameless);
		// There she has no address there, and may go on without one.
		await page.waitForURL("/sign-up/complete?next=%2Faccount%2Fappearance");
		await page.getByRole("button", { name: "Go on without an address" }).click();
		await page.waitForURL("/account/appearance");
		const { user } = await (await page.request.get("/api/auth")).json();
		expect(user).toMatchObject({ name: nameless, email: null });
		expect(violations).toEqual([]);
		const cookies = await page.context().cookies();
		expect(cookies.filter(({ name }) => name === "sign-up" || name.startsWith("transaction-"))).toEqual([]);

		await page.goto("/account/connections");
		await page.getByText("This is the only way in to your account").waitFor();
		expect(await page.getByRole("button", { name: "Disconnect the example provider" }).count()).toBe(0);
		await page.goto("/sign-in");
		const button = page.getByRole("button", continueWith);
		await button.waitFor();
		if (javaScriptEnabled) await button.getByText("Last used").waitFor();
	});

	it("asks for the address that no provider has proven, and makes the account once it is", async () => {
		const page = await visit({ javaScriptEnabled });
		await page.goto("/sign-in?next=/account/appearance");
		await page.getByRole("button", continueWith).click();
		await choose(page, unproven);
		await page.waitForURL("/sign-up/complete?next=%2Faccount%2Fappearance");
		const field = page.getByLabel("E-mail address");
		expect(await field.inputValue()).toBe(javaScriptEnabled ? "emmy@example.org" : "hedy@example.org");
		await field.fill("nobody");
		await page.getByRole("button", { name: "Send me a code" }).click();
		await complaint(page).waitFor();
		const email = newAddress();
		await field.fill(email);
		await page.getByRole("button", { name: "Send me a code" }).click();
		await page.locator("[name=code]:visible").waitFor();
		expect((await (await page.request.get("/api/auth")).json()).user).toBeNull();
		await page.locator("[name=code]:visible").fill((await mailTo(email, /is your code/)).code);
		await page.getByRole("button", { name: "Confirm" }).click();
		await page.waitForURL("/account/appearance");
		const { user } = await (await page.request.get("/api/auth")).json();
		expect(user).toMatchObject({ name: unproven, email, emailVerified: true });
		expect((await page.context().cookies()).map(({ name }) => name)).not.toContain("sign-up");
	});

	it("says that it was cancelled there, and offers to try again", async () => {
		const page = await visit({ javaScriptEnabled });
		await page.goto("/sign-up");
		await page.getByRole("button", continueWith).click();
		await choose(page, "Cancel");
		await page.getByRole("heading", { name: "Signing in did not work" }).waitFor();
		expect(await page.locator("main").textContent()).toContain("was cancelled");
		await page.getByRole("button", continueWith).waitFor();
	});
});

it("says that it is on the way to the provider, is sent once, and stands there as it was on the way back", async () => {
	const page = await visit();
	await page.addInitScript(() => localStorage.setItem("last-provider", "example"));
	await page.goto("/sign-in");
	// Which shows that the page's script runs.
	const button = page.getByRole("button", continueWith);
	await button.getByText("Last used").waitFor();
	const goOn = Promise.withResolvers<void>();
	let sent = 0;
	await page.route("**/api/auth/oauth/example", async (route) => {
		sent += 1;
		await goOn.promise;
		await route.continue();
	});
	// While a page is on its way elsewhere the driver can ask it nothing: it presses once more, and says what it shows, by itself.
	await page.evaluate(() => {
		const form = document.querySelector('form[action$="/oauth/example"]')!;
		const [status, pressed] = [form.querySelector("[role=status]")!, form.querySelector("button")!];
		const observer = new MutationObserver(() => {
			if (status.textContent === "") return;
			observer.disconnect();
			pressed.click();
			console.info(`shown: ${status.textContent} ${pressed.getAttribute("aria-disabled")}`);
		});
		observer.observe(status, { childList: true, characterData: true, subtree: true });
	});
	const said = page.waitForEvent("console", (message) => message.text().startsWith("shown: "));
	const clicked = button.click();
	expect((await said).text()).toBe("shown: On the way… true");
	goOn.resolve();
	await clicked;
	await page.getByRole("heading", { name: "Who are you today?" }).waitFor();
	expect(sent).toBe(1);
	await page.goBack();
	await button.getByText("Last used").waitFor();
	expect(await button.getAttribute("aria-disabled")).toBeNull();
	expect(await page.locator('form[action$="/oauth/example"] [role=status]').textContent()).toBe("");
});

it("asks whoever has an account with the address to sign in to it, then connects and disconnects", async () => {
	const page = await visit();
	const email = "alan@example.org";
	await page.request.post("/api/auth/sign-up", { data: { email, password } });
	await page.context().clearCookies();
	await page.goto("/sign-in");
	await page.getByRole("button", continueWith).click();
	await choose(page, "Alan Turing");
	await page.getByText("There is an account with this address already.").waitFor();
	await page.getByRole("link", { name: "Sign in to that account" }).click();
	await page.waitForURL("/sign-in?next=%2Faccount%2Fconnections");
	await signInBy(page, email);
	await page.waitForURL("/account/connections");

	await page.getByRole("button", { name: "Connect the example provider" }).click();
	await choose(page, "Alan Turing");
	await page.getByText("The account is connected.").waitFor();
	const elsewhere = await visit();
	await elsewhere.goto("/sign-in");
	await elsewhere.getByRole("button", continueWith).click();
	await choose(elsewhere, "Alan Turing");
	await elsewhere.waitForURL("/dashboard");
	const connected = page.locator("main li", { hasText: email });
	await connected.getByRole("button", { name: "Disconnect the example provider" }).click();
	await page.waitForURL("/account/connections?done=disconnected&ended=1");
	await page.getByText("1 other device that came in by it was signed out.").waitFor();
	await page.getByText("Nothing is connected.").waitFor();
	await elsewhere.goto("/account");
	await elsewhere.waitForURL("/sign-in?next=%2Faccount");
});

it("keeps the tokens of a provider from the browser [ASVS 10.1.1]", async () => {
	const page = await visit();
	await register(page, newAddress().slice(0, 20));
	await page.goto("/account/connections");
	await page.getByRole("button", { name: "Connect the example provider" }).click();
	await choose(page, "Grace Hopper");
	await page.getByText("The account is connected.").waitFor();
	const seen = await page.evaluate(async () => {
		const answers = await Promise.all(
			["/api/auth", "/api/auth/identities", "/api/auth/user/export"].map(async (path) => (await fetch(path)).text()),
		);
		return [
			document.documentElement.outerHTML,
			document.cookie,
			JSON.stringify({ ...localStorage }),
			...answers,
		].join();
	});
	expect(seen).toContain("grace@example.org");
	expect(seen).not.toMatch(/access_token|refresh_token|id_token|accessToken|eyJhbGciOi/);
});
