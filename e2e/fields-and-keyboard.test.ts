import { expect, it } from "vitest";
import { origin, register, visit } from "./visit.ts";

it("gives every field the name, type and autocomplete that password managers and keyboards know", async () => {
	const page = await visit();
	await register(page);
	const fields = async (path: string) => {
		await page.goto(path);
		return page
			.locator("main form input:not([type=hidden])")
			.evaluateAll((inputs) =>
				inputs.map((input) =>
					["name", "type", "autocomplete", "autocapitalize", "autocorrect", "spellcheck", "enterkeyhint", "minlength"]
						.map((attribute) => input.getAttribute(attribute))
						.join(" "),
				),
			);
	};
	const typedName = "none off false";
	expect(await fields("/sign-in")).toEqual([
		`identifier text username webauthn ${typedName} next `,
		"password password current-password none  false go ",
	]);
	expect(await fields("/sign-up")).toEqual([
		`identifier email username ${typedName} next `,
		"name text name    next ",
		"new_password password new-password none  false go 8",
	]);
	expect(await fields("/reauthenticate")).toEqual([
		"identifier text username     ",
		"password password current-password none  false go ",
	]);
	expect(await fields("/account/password")).toEqual([
		"identifier text username     ",
		"current_password password current-password none  false next ",
		"new_password password new-password none  false go 8",
	]);
	expect(await fields("/account/data")).toEqual([
		"identifier text username     ",
		"password password current-password none  false go ",
	]);
});

it("puts the focus where a page has one purpose, and nowhere else", async () => {
	const page = await visit();
	await register(page);
	for (const [path, focused] of [
		["/sign-in", "identifier"],
		["/sign-up", "identifier"],
		["/reauthenticate", "password"],
		["/account", null],
		["/account/password", null],
	] as const) {
		await page.goto(path);
		expect(await page.evaluate(() => document.activeElement?.getAttribute("name"))).toBe(focused);
	}
});

it("takes pasted and filled-in passwords, and never looks at what is pasted [ASVS 6.2.7]", async () => {
	const page = await visit();
	await page.goto("/sign-in");
	const field = page.getByLabel("Password", { exact: true });
	await field.focus();
	await page.evaluate(() => {
		const clipboardData = new DataTransfer();
		clipboardData.setData("text/plain", "pasted");
		const paste = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
		if (document.activeElement!.dispatchEvent(paste)) document.execCommand("insertText", false, "pasted");
	});
	expect(await field.inputValue()).toBe("pasted");
});

it("shows and hides the password from the keyboard, with the caret where it was [ASVS 6.2.6]", async () => {
	const page = await visit();
	await page.goto("/sign-in");
	const field = page.getByLabel("Password", { exact: true });
	await field.fill("correct horse");
	await field.evaluate((input: HTMLInputElement) => input.setSelectionRange(3, 3));
	await page.keyboard.press("Tab");
	await page.keyboard.press("Space");
	await expect.poll(() => field.getAttribute("type")).toBe("text");
	expect(await page.locator(":focus").getAttribute("aria-label")).toBe("Hide password");
	await expect.poll(() => field.evaluate((input: HTMLInputElement) => input.selectionStart)).toBe(3);
	await page.keyboard.press("Space");
	await expect.poll(() => field.getAttribute("type")).toBe("password");
});

it("is used with the keyboard alone: skip link, fields, menu and Escape", async () => {
	const page = await visit();
	const email = await register(page);
	await page.context().clearCookies();
	await page.goto("/sign-in");
	await page.keyboard.type(email);
	await page.keyboard.press("Tab");
	await page.keyboard.type("correct horse battery");
	await page.keyboard.press("Enter");
	await page.waitForURL("/dashboard");

	await page.reload();
	await page.keyboard.press("Tab");
	expect(await page.locator(":focus").textContent()).toBe("Skip to the content");
	await page.keyboard.press("Enter");
	await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe("content");

	const menu = page.getByRole("button", { name: "Account menu" });
	await menu.focus();
	expect(await menu.evaluate((button) => getComputedStyle(button).outlineStyle)).toBe("solid");
	await page.keyboard.press("Enter");
	await page.getByRole("button", { name: "Sign out" }).waitFor();
	await page.keyboard.press("Escape");
	await page.getByRole("button", { name: "Sign out" }).waitFor({ state: "hidden" });
	expect(await page.locator(":focus").getAttribute("aria-label")).toBe("Account menu");
	await page.keyboard.press("Enter");
	await page.keyboard.press("Tab");
	await page.keyboard.press("Tab");
	await page.keyboard.press("Tab");
	expect(await page.locator(":focus").textContent()).toBe("Sign out");
	await page.keyboard.press("Enter");
	await page.waitForURL("/");
});

it("holds still for those who ask for it, and keeps its borders in forced colours", async () => {
	const page = await visit({ reducedMotion: "reduce", forcedColors: "active" });
	await page.goto("/sign-in");
	const moving = () => document.getAnimations().length;
	expect(await page.evaluate(moving)).toBe(0);
	const button = page.locator("main").getByRole("button", { name: "Sign in" });
	expect(await button.evaluate((element) => getComputedStyle(element).borderTopWidth)).toBe("1px");
});

it("chooses the language by what the browser asks for, and the same for static pages and others", async () => {
	for (const [asked, language] of [
		["ar", "ar"],
		["ar-EG,ar;q=0.9,en;q=0.8", "ar"],
		["fr-FR,fr;q=0.9,ar;q=0.5,en;q=0.3", "ar"],
		["en-GB,en;q=0.9,ar;q=0.8", "en"],
		["arn,en", "en"],
		["de", "en"],
		["", "en"],
	] as const) {
		for (const path of ["/", "/sign-in"]) {
			const html = await (await fetch(`${origin}${path}`, { headers: { "accept-language": asked } })).text();
			expect([path, asked, /<html lang="(\w+)"/.exec(html)?.[1]]).toEqual([path, asked, language]);
		}
	}
	const chosen = await fetch(`${origin}/`, {
		headers: { "accept-language": "ar", cookie: "language=en; theme=light" },
	});
	expect(await chosen.text()).toMatch(/<html lang="en" dir="ltr" data-theme="light">/);
});
