import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { complaint, newAddress, origin, password, register, signInBy, visit } from "./visit.ts";

/** Two tabs of one browser, in which somebody is signed in. */
async function twoTabs(name: string): Promise<[Page, Page]> {
	const one = await visit();
	await register(one, name);
	const other = await one.context().newPage();
	return [one, other];
}

async function signOut(page: Page): Promise<void> {
	await page.getByRole("button", { name: "Account menu" }).click();
	await page.getByRole("button", { name: "Sign out" }).click();
	await page.waitForURL("/");
}

/** Waits until the scripts of the page run: before that a tab cannot hear another. */
async function alive(page: Page): Promise<void> {
	await expect
		.poll(() => page.evaluate(() => Object.keys(document.body).some((key) => key.startsWith("__react"))))
		.toBe(true);
	await page.waitForLoadState("networkidle");
}

/** As when somebody turns to a tab, by which time it has asked the server. */
async function comeIntoView(page: Page): Promise<void> {
	await Promise.all([
		page.waitForResponse((response) => response.url().endsWith("/api/auth")),
		page.evaluate(() => document.dispatchEvent(new Event("visibilitychange"))),
	]);
	await page.waitForLoadState("networkidle");
}

it("a sign-out in one tab is followed by the other, which shows nothing of the person any more [ASVS 7.4.1]", async () => {
	const [one, other] = await twoTabs("Ada Lovelace");
	await other.goto("/dashboard");
	await alive(other);
	await one.goto("/account");
	await signOut(one);
	await other.waitForURL(/\/sign-in/);
	expect(await other.content()).not.toContain("Ada Lovelace");
});

it("a sign-out is followed by a tab that a link has moved within its page", async () => {
	const [one, other] = await twoTabs("Ada Lovelace");
	await other.goto("/account?saved#content");
	await alive(other);
	await one.goto("/account");
	await signOut(one);
	await other.waitForURL(/\/sign-in/);
	expect(await other.content()).not.toContain("Ada Lovelace");
});

it("a change of user in one tab is followed by the other", async () => {
	const [one, other] = await twoTabs("Ada Lovelace");
	const second = await visit();
	const secondAddress = await register(second, "Grace Hopper");
	await other.goto("/dashboard");
	await alive(other);
	await one.goto("/sign-in");
	await signInBy(one, secondAddress);
	await one.getByRole("heading", { name: /Grace Hopper/ }).waitFor();
	await other.getByRole("heading", { name: /Grace Hopper/ }).waitFor();
	expect(await other.content()).not.toContain("Ada Lovelace");
});

it("a sign-in in one tab is shown by the landing page in another", async () => {
	const one = await visit();
	const address = await register(one, "Ada Lovelace");
	await one.context().clearCookies();
	const other = await one.context().newPage();
	await other.goto("/");
	await other.locator("header").getByRole("link", { name: "Sign up" }).waitFor();
	await alive(other);
	await one.goto("/sign-in");
	await signInBy(one, address);
	await one.waitForURL("/dashboard");
	await other.getByRole("button", { name: "Account menu" }).waitFor();
});

it("Back after signing out, and after deleting the account, shows nothing of the person [ASVS 14.3.1]", async () => {
	const page = await visit();
	for (const leave of [signOut, deleteAccount]) {
		await register(page, "Ada Lovelace");
		await page.goto("/dashboard");
		await alive(page);
		await page.locator("nav").getByRole("link", { name: "Dashboard" }).click();
		await page.getByRole("link", { name: "Edit your profile" }).click();
		await page.waitForURL("/account");
		await leave(page);
		expect(await page.content()).not.toContain("Ada Lovelace");
		for (let back = 0; back < 2; back++) {
			await page.goBack();
			await page.waitForURL(/\/sign-in/);
			expect(await page.content()).not.toContain("Ada Lovelace");
		}
	}
});

it("Back after the session was ended elsewhere, and a page from the browser's cache, show nothing either [A40]", async () => {
	const page = await visit();
	const address = await register(page, "Ada Lovelace");
	const elsewhere = await visit();
	const credentials = { headers: { origin }, data: { identifier: address, password } };
	const leaveBehind = async () => {
		await page.goto("/dashboard");
		await alive(page);
		await page.getByRole("link", { name: "Edit your profile" }).click();
		await page.waitForURL("/account");
		await elsewhere.request.post("/api/auth", credentials);
		await elsewhere.request.delete("/api/auth/sessions", { headers: { origin } });
	};
	const comeBack = [
		() => page.goBack(),
		() => page.evaluate(() => dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }))),
	];
	for (const back of comeBack) {
		await leaveBehind();
		await back();
		await page.waitForURL(/\/sign-in/);
		expect(await page.content()).not.toContain("Ada Lovelace");
		await page.request.post("/api/auth", credentials);
	}
});

async function deleteAccount(page: Page): Promise<void> {
	await page.getByRole("link", { name: "Your data" }).click();
	await page.getByLabel("Your password").fill(password);
	await page.getByRole("button", { name: "Delete my account" }).click();
	await page.waitForURL("/goodbye");
}

/** Signs the person in on another device, and out everywhere else from there. */
async function endElsewhere(address: string): Promise<void> {
	const { request } = await visit();
	await request.post("/api/auth", { data: { identifier: address, password } });
	await request.delete("/api/auth/sessions", { headers: { origin } });
}

it("says to whoever was signed out elsewhere what has happened, and brings them back", async () => {
	const page = await visit();
	const address = await register(page);
	await endElsewhere(address);
	await page.goto("/account/devices");
	await page.getByText("Your session has ended").waitFor();
	await signInBy(page, address);
	await page.waitForURL("/account/devices");
});

it("tells a form that was sent after the session ended, and keeps what was typed", async () => {
	const page = await visit();
	const address = await register(page);
	await page.goto("/account");
	await alive(page);
	await endElsewhere(address);
	const name = page.getByLabel("Name", { exact: true });
	await name.fill("A name I thought about");
	await page.getByRole("button", { name: "Save" }).click();
	await complaint(page).filter({ hasText: "You are not signed in any more" }).waitFor();

	const [other] = await Promise.all([
		page.context().waitForEvent("page"),
		complaint(page).getByRole("link", { name: "Sign in" }).click(),
	]);
	await other.waitForURL("/sign-in?next=%2Faccount");
	await alive(other);
	// The new tab has told that nobody is signed in, and so has the server whoever looks at the old one meanwhile.
	await comeIntoView(page);
	expect(await name.inputValue()).toBe("A name I thought about");
	await signInBy(other, address);
	await other.waitForURL("/account");
	await alive(other);
	await comeIntoView(page);
	await page.getByRole("button", { name: "Save" }).click();
	await page.getByText("Your profile is saved").waitFor();
	await other.reload();
	expect(await other.getByLabel("Name", { exact: true }).inputValue()).toBe("A name I thought about");
});

it("does not keep a form of the one for another who signs in meanwhile", async () => {
	const page = await visit();
	const address = await register(page, "Ada Lovelace");
	const second = await visit();
	const secondAddress = await register(second, "Grace Hopper");
	await page.goto("/account");
	await alive(page);
	await endElsewhere(address);
	await page.getByRole("button", { name: "Save" }).click();
	await complaint(page).filter({ hasText: "You are not signed in any more" }).waitFor();
	const other = await page.context().newPage();
	await other.goto("/sign-in");
	await signInBy(other, secondAddress);
	await other.waitForURL("/dashboard");
	await expect.poll(() => page.getByLabel("Name", { exact: true }).inputValue()).toBe("Grace Hopper");
	expect(await page.content()).not.toContain("Ada Lovelace");
});

it("hides a page from the browser's cache until it is known whose it is [ASVS 14.3.1]", async () => {
	const page = await visit();
	await register(page, "Ada Lovelace");
	await page.goto("/dashboard");
	await alive(page);
	const restore = () => page.evaluate(() => dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })));
	const visibility = () => page.evaluate(() => getComputedStyle(document.querySelector("h1")!).visibility);
	let answer = () => {};
	const answered = new Promise<void>((resolve) => {
		answer = resolve;
	});
	await page.route("**/api/auth", async (route) => {
		await answered;
		await route.continue();
	});
	await restore();
	expect(await visibility()).toBe("hidden");
	answer();
	await expect.poll(visibility).toBe("visible");
	await page.evaluate(() => dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true })));
	expect(await visibility()).toBe("hidden");

	await page.unroute("**/api/auth");
	await page.route("**/api/auth", (route) => route.abort());
	await restore();
	await expect.poll(visibility).toBe("visible");
	// The server cannot be asked, but another tab has told that somebody else is there.
	await page.evaluate(() => {
		Object.assign(globalThis, { sameDocument: true });
		const channel = new BroadcastChannel("latchkey");
		channel.postMessage({ userId: "somebody else" });
	});
	await expect
		.poll(async () => {
			await restore().catch(() => {});
			return page.evaluate(() => "sameDocument" in globalThis).catch(() => true);
		})
		.toBe(false);
});

it("keeps the form when the connection is gone, says so, and sends it when it is back", async () => {
	const page = await visit();
	const address = await register(page);
	await page.context().clearCookies();
	await page.goto("/sign-in");
	await alive(page);
	await page.context().setOffline(true);
	await page.getByText("You are offline").waitFor();
	await signInBy(page, address);
	await complaint(page).filter({ hasText: "could not be reached" }).waitFor();
	expect(await page.getByLabel(/E-mail/).inputValue()).toBe(address);
	expect(await page.getByLabel("Password", { exact: true }).inputValue()).toBe(password);
	// A link leads nowhere now, and says why, instead of leaving the form for the browser's page of errors.
	await page.getByRole("link", { name: "Forgot your password?" }).click();
	await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toContain("You are offline");
	expect(new URL(page.url()).pathname).toBe("/sign-in");
	expect(await page.getByLabel(/E-mail/).inputValue()).toBe(address);
	await page.context().setOffline(false);
	await page.getByText("You are offline").waitFor({ state: "hidden" });
	await page.locator("main").getByRole("button", { name: "Sign in" }).click();
	await page.waitForURL("/dashboard");
});

it("keeps what was typed before the scripts arrived, and can be sent before they do", async () => {
	const page = await visit();
	const address = await register(page);
	await page.context().clearCookies();
	let arrive = () => {};
	const arrived = new Promise<void>((resolve) => {
		arrive = resolve;
	});
	await page.route("**/_next/static/**/*.js", async (route) => {
		await arrived;
		await route.continue();
	});
	await page.goto("/sign-in", { waitUntil: "commit" });
	await page.getByLabel(/E-mail/).fill(address);
	await page.getByLabel("Password", { exact: true }).fill("not the password");
	arrive();
	await alive(page);
	expect(await page.getByLabel(/E-mail/).inputValue()).toBe(address);
	expect(await page.getByLabel("Password", { exact: true }).inputValue()).toBe("not the password");
	await page.locator("main").getByRole("button", { name: "Sign in" }).click();
	await complaint(page).filter({ hasText: "do not belong together" }).waitFor();
	await page.getByLabel("Password", { exact: true }).fill(password);
	await page.locator("main").getByRole("button", { name: "Sign in" }).click();
	await page.waitForURL("/dashboard");
});

it("says that it is under way on a slow network, keeps focus and width, and is sent once", async () => {
	const page = await visit();
	const address = await register(page);
	await page.context().clearCookies();
	let sent = 0;
	let answer = () => {};
	const answered = new Promise<void>((resolve) => {
		answer = resolve;
	});
	await page.route("**/sign-in*", async (route) => {
		if (route.request().method() === "POST") {
			sent += 1;
			await answered;
		}
		await route.continue();
	});
	await page.goto("/sign-in");
	await alive(page);
	const button = page.locator("main form:has([name=identifier]) [type=submit]");
	const width = (await button.boundingBox())!.width;
	await page.getByLabel(/E-mail/).fill(address);
	await page.getByLabel("Password", { exact: true }).fill(password);
	await button.focus();
	await page.keyboard.press("Enter");
	await page.locator("[role=status]", { hasText: "Signing in…" }).waitFor({ state: "attached" });
	expect(await button.getAttribute("aria-disabled")).toBe("true");
	expect(await button.getAttribute("disabled")).toBeNull();
	expect((await button.boundingBox())!.width).toBe(width);
	expect(await page.locator(":focus").getAttribute("type")).toBe("submit");
	await page.keyboard.press("Enter");
	answer();
	await page.waitForURL("/dashboard");
	expect(sent).toBe(1);
});

it("carries a typed address over to signing up and back, and not in the URL [ASVS 14.2.1]", async () => {
	const page = await visit();
	const address = newAddress();
	await page.goto("/sign-in?next=/account");
	await alive(page);
	await page.getByLabel(/E-mail/).fill(address);
	await page.getByRole("link", { name: "Create one" }).click();
	await page.waitForURL("/sign-up?next=%2Faccount");
	expect(await page.getByLabel("E-mail address").inputValue()).toBe(address);
	await page.locator("main").getByRole("link", { name: "Sign in" }).click();
	await page.waitForURL("/sign-in?next=%2Faccount");
	expect(await page.getByLabel(/E-mail/).inputValue()).toBe(address);
});

it("shows the plain contract: reads, renews and ends the session, and this page follows", async () => {
	const page = await visit();
	const address = await register(page);
	await page.goto("/fetch");
	const answer = page.locator("pre");
	for (const [button, text] of [
		["Who is signed in", address],
		["Renew the token", `"message": "Refreshed"`],
		["Ask a guarded route", address],
		["Sign out", `"message": "Signed out"`],
		["Who is signed in", `"authenticated": false`],
		["Ask a guarded route", `"code": "not_authenticated"`],
	] as const) {
		await page.locator("main").getByRole("button", { name: button }).click();
		await answer.filter({ hasText: text }).waitFor();
	}
	await page.locator("header").getByRole("link", { name: "Sign up" }).waitFor();
});
