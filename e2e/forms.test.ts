import { describe, expect, it } from "vitest";
import { newAddress, origin, password, signUpBy, visit } from "./visit.ts";

describe.each([
	{ javaScriptEnabled: true, title: "with JavaScript" },
	{ javaScriptEnabled: false, title: "without JavaScript" },
])("the forms $title", ({ javaScriptEnabled }) => {
	it("sign up, sign out and sign in again", async () => {
		const page = await visit({ javaScriptEnabled });
		const address = newAddress();
		await signUpBy(page, address);
		await expect.poll(() => page.getByRole("heading").textContent()).toBe(`Signed in as ${address}`);

		await page.getByRole("button", { name: "Sign out" }).click();
		await expect.poll(() => page.getByRole("heading").textContent()).toBe("Nobody is signed in");
		expect(await page.context().cookies()).toEqual([]);

		await page.goto("/sign-in");
		await page.getByLabel(/E-mail/).fill(address);
		await page.getByLabel("Password").fill(password);
		await page.getByRole("button", { name: "Sign in" }).click();
		await page.waitForURL("/");
		await expect.poll(() => page.getByRole("heading").textContent()).toBe(`Signed in as ${address}`);
	});

	it("keep what was typed and forget the password when it was wrong", async () => {
		const page = await visit({ javaScriptEnabled });
		await page.goto("/sign-in");
		await page.getByLabel(/E-mail/).fill("nobody@example.com");
		await page.getByLabel("Password").fill("canary-password-1234");
		await page.getByRole("button", { name: "Sign in" }).click();
		await page.getByRole("alert").filter({ hasText: "do not belong together" }).waitFor();
		expect(await page.getByLabel(/E-mail/).inputValue()).toBe("nobody@example.com");
		expect(await page.content()).not.toContain("canary-password-1234");
		expect(page.url()).not.toContain("canary");
	});

	it("say which field was refused", async () => {
		const page = await visit({ javaScriptEnabled });
		await page.goto("/sign-up");
		await page.getByLabel("E-mail address").fill(newAddress());
		await page.getByLabel(/^Password/).fill("password1");
		await page.getByRole("button", { name: "Sign up" }).click();
		await page.getByRole("alert").filter({ hasText: "many people use" }).waitFor();
	});

	it("go on to where the visitor was, and never to another site [A12]", async () => {
		const page = await visit({ javaScriptEnabled });
		const address = newAddress();
		await signUpBy(page, address);
		for (const [next, path] of [
			["/sign-up?from=here", "/sign-up?from=here"],
			["https://evil.example/", "/"],
			["//evil.example", "/"],
		] as const) {
			await page.goto(`/sign-in?next=${encodeURIComponent(next)}`);
			await page.getByLabel(/E-mail/).fill(address);
			await page.getByLabel("Password").fill(password);
			await page.getByRole("button", { name: "Sign in" }).click();
			await page.waitForURL(`${origin}${path}`);
		}
	});
});

it("sets one httpOnly cookie that scripts cannot read [ASVS 3.3.4]", async () => {
	const page = await visit();
	await signUpBy(page, newAddress());
	const cookies = await page.context().cookies();
	expect(cookies).toMatchObject([{ name: "session", httpOnly: true, sameSite: "Lax", path: "/", domain: "localhost" }]);
	expect(await page.evaluate("document.cookie")).toBe("");
});
