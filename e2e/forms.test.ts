import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { complaint, newAddress, origin, password, register, sendSignUp, signInBy, signUpBy, visit } from "./visit.ts";

const newPassword = "another horse battery";

describe.each([
	{ javaScriptEnabled: true, title: "with JavaScript" },
	{ javaScriptEnabled: false, title: "without JavaScript" },
])("the forms $title", ({ javaScriptEnabled }) => {
	const come = () => visit({ javaScriptEnabled });

	it("sign up, sign out and sign in again", async () => {
		const page = await come();
		const address = newAddress();
		await signUpBy(page, address);
		await page.getByRole("heading", { level: 1, name: address }).waitFor();

		await page.getByRole("button", { name: "Account menu" }).click();
		await page.getByRole("button", { name: "Sign out" }).click();
		await page.waitForURL("/");
		// What is left says that somebody was here before, and not who.
		const left = (await page.context().cookies()).map(({ name }) => name);
		// A page with a field for passkeys has asked for a challenge.
		expect(left.filter((name) => name !== "passkey")).toEqual(["device"]);

		await page.goto("/sign-in");
		await signInBy(page, address);
		await page.waitForURL("/dashboard");
		await page.getByRole("heading", { level: 1, name: address }).waitFor();
	});

	it("keep what was typed and forget the password when it was wrong, and say so in the title", async () => {
		const page = await come();
		await page.goto("/sign-in");
		await signInBy(page, "nobody@example.com", "canary-password-1234");
		await complaint(page).filter({ hasText: "do not belong together" }).waitFor();
		expect(await page.getByLabel(/E-mail/).inputValue()).toBe("nobody@example.com");
		expect(await page.getByLabel("Password", { exact: true }).inputValue()).toBe("");
		expect(await page.content()).not.toContain("canary-password-1234");
		expect(page.url()).not.toContain("canary");
		await expect.poll(() => page.title()).toBe("Error: Sign in – Latchkey");
		await expect.poll(() => page.locator(":focus").getAttribute("role")).toBe("alert");
	});

	it("say which field was refused, why, and how to mend it", async () => {
		const page = await come();
		await page.goto("/sign-up");
		const address = newAddress();
		await page.getByLabel("E-mail address").fill(address);
		await page.getByLabel("Name").fill("Zoë");
		const field = page.getByLabel("Password", { exact: true });
		await field.fill("password1");
		await page.getByRole("button", { name: "Create account" }).click();
		await complaint(page).filter({ hasText: "Many people use this password" }).waitFor();
		expect(await field.getAttribute("aria-invalid")).toBe("true");
		const described = (await field.getAttribute("aria-describedby"))!.split(" ");
		expect(await page.locator(`#${described.at(-1)}`).textContent()).toContain("Choose another");
		expect(await page.getByLabel("E-mail address").inputValue()).toBe(address);
		expect(await page.getByLabel("Name").inputValue()).toBe("Zoë");
		await complaint(page).getByRole("link").click();
		await expect.poll(() => page.locator(":focus").getAttribute("name")).toBe("new_password");
	});

	it("say which field of the sign-in form is empty, and lead to it", async () => {
		const page = await come();
		await page.goto("/sign-in");
		await signInBy(page, "ada@example.com", "");
		const field = page.getByLabel("Password", { exact: true });
		await complaint(page).getByRole("link", { name: "Enter your password." }).click();
		await expect.poll(() => page.locator(":focus").getAttribute("name")).toBe("password");
		expect(await field.getAttribute("aria-invalid")).toBe("true");
	});

	it("answer to a field that holds far too much, without trying to keep it", async () => {
		const page = await come();
		await page.goto("/sign-in");
		await signInBy(page, "a".repeat(100_000));
		await complaint(page).filter({ hasText: "This is too long" }).waitFor();
	});

	it("say that an address is taken, and lead to signing in", async () => {
		const page = await come();
		await sendSignUp(page, await register(page));
		await complaint(page).filter({ hasText: "Somebody has an account" }).waitFor();
		await page.getByRole("link", { name: "Sign in with this address instead" }).click();
		await page.waitForURL("/sign-in");
	});

	it("go on to where the visitor was, and never to another site [A12]", async () => {
		const page = await come();
		const address = await register(page);
		for (const [next, path] of [
			["/account?from=here", "/account?from=here"],
			["https://evil.example/", "/dashboard"],
			["//evil.example", "/dashboard"],
		] as const) {
			await page.goto(`/sign-in?next=${encodeURIComponent(next)}`);
			await page.getByText(`You are signed in as`).waitFor();
			await signInBy(page, address);
			await page.waitForURL(`${origin}${path}`);
		}
	});

	it("bring a stranger back to the page they asked for, and say why they must sign in", async () => {
		const page = await come();
		const address = await register(page);
		await page.context().clearCookies();
		await page.goto("/account/devices");
		await page.waitForURL("/sign-in?next=%2Faccount%2Fdevices");
		await page.getByText("Sign in to go on to the page you asked for").waitFor();
		await signInBy(page, address);
		await page.waitForURL("/account/devices");
	});

	it("say when they must wait, and for how long [ASVS 6.3.1]", async () => {
		const page = await come();
		const identifier = newAddress();
		for (let guess = 0; guess < 10; guess++) {
			await page.request.post("/api/auth", { data: { identifier, password: "a guess" } });
		}
		await page.goto("/sign-in");
		await signInBy(page, identifier, "one more guess");
		await complaint(page)
			.filter({ hasText: /Please wait (\d+) seconds, then try again/ })
			.waitFor();
		const secondsLeft = async () => Number(/(\d+) seconds/.exec((await complaint(page).textContent())!)![1]);
		const first = await secondsLeft();
		expect(first).toBeLessThanOrEqual(30);
		expect(first).toBeGreaterThan(5);
		if (javaScriptEnabled) await expect.poll(secondsLeft, { timeout: 5000 }).toBeLessThan(first);
	});

	it("save the profile, refuse a taken user name, and let people sign in with theirs", async () => {
		const page = await come();
		await register(page);
		const username = `u${Date.now().toString(36)}${javaScriptEnabled ? "j" : "n"}`;
		await page.goto("/account");
		await page.getByLabel("Name", { exact: true }).fill("Ada Lovelace");
		await page.getByLabel("User name").fill(username);
		await page.getByRole("button", { name: "Save" }).click();
		await page.getByText("Your profile is saved").waitFor();
		expect(await page.getByLabel("Name", { exact: true }).inputValue()).toBe("Ada Lovelace");

		const other = await come();
		await register(other);
		await other.goto("/account");
		await other.getByLabel("User name").fill(username.toUpperCase());
		await other.getByRole("button", { name: "Save" }).click();
		await complaint(other).filter({ hasText: "Somebody has this user name" }).waitFor();
		expect(await other.getByLabel("User name").inputValue()).toBe(username.toUpperCase());

		await other.goto("/sign-in");
		await signInBy(other, username);
		await other.getByRole("heading", { name: /Hello, .Ada Lovelace/ }).waitFor();
	});

	it("change the password, which ends every other session [ASVS 7.4.3]", async () => {
		const page = await come();
		const address = await register(page);
		const elsewhere = await visit();
		await elsewhere.request.post("/api/auth", { data: { identifier: address, password } });

		await page.goto("/account/password");
		await page.getByLabel("Present password").fill("not the password");
		await page.getByLabel("New password").fill(newPassword);
		await page.getByRole("button", { name: "Change password" }).click();
		await complaint(page).filter({ hasText: "That is not your password" }).waitFor();
		expect(await page.content()).not.toContain(newPassword);

		await page.getByLabel("Present password").fill(password);
		await page.getByLabel("New password").fill(newPassword);
		await page.getByRole("button", { name: "Change password" }).click();
		await page.getByText("Your password is changed").waitFor();
		// Password managers ask to keep the new one when the form is gone.
		expect(await page.locator("input[type=password]").count()).toBe(0);
		expect(await (await elsewhere.request.get("/api/auth")).json()).toMatchObject({ authenticated: false });

		await page.context().clearCookies();
		await page.goto("/sign-in");
		await signInBy(page, address, newPassword);
		await page.waitForURL("/dashboard");
	});

	it("list the devices, this one first, and sign one or all of the others out", async () => {
		const page = await come();
		const address = await register(page);
		const others: Page[] = [];
		for (const userAgent of [
			"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:150.0) Gecko/20100101 Firefox/150.0",
			"Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1",
			"curl/8.5.0",
		]) {
			const other = await visit({ userAgent });
			await other.request.post("/api/auth", { data: { identifier: address, password } });
			others.push(other);
		}
		const signedIn = async () =>
			Promise.all(others.map(async (other) => (await (await other.request.get("/api/auth")).json()).authenticated));

		await page.goto("/account/devices");
		await page.getByText("3 other devices").waitFor();
		const names = await page.locator("main p.font-medium").allTextContents();
		expect(names[0]).toMatch(/^\w.* on Linux|An unknown device|A program/);
		expect(names.slice(1)).toEqual(["A program (curl)", "Safari on iPhone", "Firefox on Windows"]);
		await page.getByRole("button", { name: "Sign out there: Firefox on Windows" }).click();
		await page.getByText("That device is signed out").waitFor();
		expect(await signedIn()).toEqual([false, true, true]);

		await page.getByRole("button", { name: "Sign out everywhere else" }).click();
		await page.getByText("You are signed in nowhere else").waitFor();
		expect(await signedIn()).toEqual([false, false, false]);
		expect(await (await page.request.get("/api/auth")).json()).toMatchObject({ authenticated: true });
	});

	it("show what happened, in words, page back through it, and keep to what changed the account", async () => {
		const page = await come();
		const address = await register(page);
		// Signing in from a new window leaves an event, and is not counted against anybody when it succeeds.
		const elsewhere = await visit();
		const data = { identifier: address, password };
		for (let count = 0; count < 26; count++) {
			await elsewhere.request.post("/api/auth", { data, headers: { origin } });
			await elsewhere.request.delete("/api/auth", { headers: { origin } });
		}
		await page.goto("/account/activity");
		await page.getByText("Signed out").first().waitFor();
		expect(await page.locator("main ol > li").count()).toBe(50);
		await page.getByRole("link", { name: "Older" }).click();
		await page.getByText("Account created").waitFor();
		expect(await page.getByRole("link", { name: "Older" }).count()).toBe(0);
		await page.getByRole("link", { name: "Changes" }).click();
		await page.waitForURL("/account/activity?show=changes");
		await expect.poll(() => page.locator("main ol > li:visible").allTextContents()).toHaveLength(1);
		expect(await page.locator("main ol > li:visible").textContent()).toContain("Account created");
	});

	it("delete the account after the password, and leave nothing behind", async () => {
		const page = await come();
		const address = await register(page);
		await page.goto("/account/data");
		await page.getByLabel("Your password").fill("not the password");
		await page.getByRole("button", { name: "Delete my account" }).click();
		await complaint(page).filter({ hasText: "That is not your password" }).waitFor();
		await page.getByLabel("Your password").fill(password);
		await page.getByRole("button", { name: "Delete my account" }).click();
		await page.waitForURL("/goodbye");
		await page.getByText("Your account is deleted").waitFor();
		expect((await page.context().cookies()).filter(({ name }) => name === "session")).toEqual([]);
		const answer = await page.request.post("/api/auth", { data: { identifier: address, password } });
		expect(answer.status()).toBe(401);
	});

	it("keep a note by a guarded action", async () => {
		const page = await come();
		await register(page);
		await page.goto("/dashboard");
		await page.getByLabel("Note", { exact: true }).fill("Water the <b>plants</b>");
		await page.getByRole("button", { name: "Keep the note" }).click();
		await (javaScriptEnabled ? page.getByText("Kept.").waitFor() : page.waitForLoadState());
		await page.goto("/dashboard");
		expect(await page.getByLabel("Note", { exact: true }).inputValue()).toBe("Water the <b>plants</b>");
	});

	it("remember language and colours from the first byte on, and come back to the same page", async () => {
		const page = await come();
		await page.goto("/sign-in?next=/account");
		await page.getByRole("button", { name: "العربية" }).click();
		await page.getByRole("heading", { name: "تسجيل الدخول" }).waitFor();
		expect(page.url()).toBe(`${origin}/sign-in?next=/account`);
		await page.getByRole("button", { name: "داكن" }).click();
		await page.locator("html[data-theme=dark]").waitFor();
		expect(await page.locator("html").getAttribute("dir")).toBe("rtl");
		for (const path of ["/", "/sign-up"]) {
			const html = await (await page.request.get(path)).text();
			expect(html).toMatch(/^<!DOCTYPE html><html lang="ar" dir="rtl" data-theme="dark">/);
		}
		const missing = await page.request.get("/.well-known/nothing/here");
		expect(missing.status()).toBe(404);
		expect(await missing.text()).toMatch(/^<!DOCTYPE html>\n<html lang="ar" dir="rtl">.*color-scheme: dark;/s);
	});
});

it("sets httpOnly cookies that scripts cannot read [ASVS 3.3.4]", async () => {
	const page = await visit();
	await signUpBy(page, newAddress());
	const cookies = await page.context().cookies();
	const attributes = { httpOnly: true, sameSite: "Lax", path: "/", domain: "localhost" };
	// A page with a field for passkeys may have asked for a challenge.
	const names = cookies.map(({ name }) => name).filter((name) => name !== "passkey");
	expect(names.toSorted()).toEqual(["device", "session"]);
	for (const cookie of cookies) expect(cookie).toMatchObject(attributes);
	expect(await page.evaluate("document.cookie")).toBe("");
});

it("lets nobody else's site choose how this one looks [A19]", async () => {
	const body = new URLSearchParams({ language: "ar" });
	for (const headers of [
		{ origin: "https://evil.example", "sec-fetch-site": "cross-site" },
		{ origin: "https://evil.example" },
		{ origin: "null" },
		{},
	] as Record<string, string>[]) {
		const answer = await fetch(`${origin}/preferences`, { method: "POST", body, headers, redirect: "manual" });
		expect(answer.status).toBe(403);
		expect(answer.headers.getSetCookie()).toEqual([]);
	}
	const headers = { origin, referer: "https://evil.example/page" };
	const answer = await fetch(`${origin}/preferences`, { method: "POST", body, headers, redirect: "manual" });
	expect([answer.status, answer.headers.get("location")]).toEqual([303, "/"]);
	const noForm = { method: "POST", body: "{}", headers: { origin, "content-type": "application/json" } };
	expect((await fetch(`${origin}/preferences`, noForm)).status).toBe(400);
});
