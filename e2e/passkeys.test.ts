import type { CDPSession, Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { complaint, newAddress, password, register, signInBy, visit } from "./visit.ts";

interface Authenticator {
	readonly cdp: CDPSession;
	readonly id: string;
	credentials(): Promise<readonly { credentialId: string; signCount: number; userDisplayName?: string }[]>;
	verifies(isUserVerified: boolean): Promise<void>;
	/** Whether the person touches it when it asks. */
	isTouched(enabled: boolean): Promise<void>;
}

/** Chromium's virtual authenticator (WebAuthn Level 3, section 12). */
async function withAuthenticator(page: Page, options: Record<string, unknown> = {}): Promise<Authenticator> {
	const cdp = await page.context().newCDPSession(page);
	await cdp.send("WebAuthn.enable", { enableUI: false });
	const { authenticatorId: id } = await cdp.send("WebAuthn.addVirtualAuthenticator", {
		options: {
			protocol: "ctap2",
			ctap2Version: "ctap2_1",
			transport: "internal",
			hasResidentKey: true,
			hasUserVerification: true,
			isUserVerified: true,
			automaticPresenceSimulation: true,
			...options,
		},
	});
	return {
		cdp,
		id,
		credentials: async () => (await cdp.send("WebAuthn.getCredentials", { authenticatorId: id })).credentials,
		verifies: async (isUserVerified) => {
			await cdp.send("WebAuthn.setUserVerified", { authenticatorId: id, isUserVerified });
		},
		isTouched: async (enabled) => {
			await cdp.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId: id, enabled });
		},
	};
}

/** Adds a passkey on the account page. */
async function addPasskey(page: Page, name: string): Promise<void> {
	await page.goto("/account/security/passkeys");
	await page.getByLabel("Name", { exact: true }).fill(name);
	await page.getByRole("button", { name: "Add a passkey" }).click();
	await page.waitForURL("/account/security/passkeys?done=added");
}

const level = async (page: Page) => (await (await page.request.get("/api/auth")).json()).session;

describe("passkeys", () => {
	it("are added, sign in alone, and are renamed and removed", async () => {
		const page = await visit();
		const authenticator = await withAuthenticator(page);
		await register(page);
		await addPasskey(page, "Test phone");
		await page.getByText("Test phone").waitFor();
		expect(await authenticator.credentials()).toHaveLength(1);

		await page.context().clearCookies();
		// Not among the suggestions, but by the button.
		await authenticator.isTouched(false);
		await page.addInitScript(tellWhenAsked);
		await page.goto("/sign-in?next=/account/security/passkeys");
		// What has been asked before stays unanswered by a touch that is allowed later.
		await expect.poll(() => page.evaluate(() => (globalThis as { isAsked?: boolean }).isAsked)).toBe(true);
		await authenticator.isTouched(true);
		await page.getByRole("button", { name: "Use a passkey" }).click();
		await page.waitForURL("/account/security/passkeys");
		// A virtual authenticator cannot be copied, so it is the third level.
		expect(await level(page)).toMatchObject({ amr: ["hwk", "user", "mfa"], level: "aal3" });
		expect(await page.getByText("Never used").count()).toBe(0);

		await page.getByRole("link", { name: /Manage .*Test phone/ }).click();
		// The list stays in the document, hidden, and has a field of the same name.
		await page.getByRole("heading", { level: 1, name: "Test phone" }).waitFor();
		await page.locator("[name=name]:visible").fill("Key ring");
		await page.getByRole("button", { name: "Rename" }).click();
		await page.waitForURL("/account/security/passkeys?done=renamed");
		await page.getByRole("link", { name: /Manage .*Key ring/ }).click();
		await page.getByRole("button", { name: "Remove this passkey" }).click();
		await page.waitForURL("/account/security/passkeys?done=removed");
		await page.getByText("You have no passkey yet.").waitFor();
		// The browser was told, where it can be.
		await expect.poll(async () => (await authenticator.credentials()).length).toBe(0);
	});

	it("sign somebody up without a password, whose last one stays", async () => {
		const page = await visit();
		await withAuthenticator(page);
		await page.goto("/sign-up");
		const signUp = page.getByRole("button", { name: "Sign up with a passkey" });
		await signUp.click();
		await complaint(page).waitFor();
		await page.getByLabel("E-mail address").fill(newAddress());
		await signUp.click();
		await page.waitForURL("/dashboard");
		await page.goto("/account/security/passkeys");
		await page
			.getByRole("link", { name: /Manage/ })
			.first()
			.click();
		await page.getByRole("button", { name: "Remove this passkey" }).click();
		await complaint(page).waitFor();
		expect(await complaint(page).textContent()).toContain("only way in");
	});

	it("are suggested in the address field", async () => {
		const page = await visit();
		await withAuthenticator(page);
		await register(page);
		await addPasskey(page, "Suggested");
		await page.context().clearCookies();
		// A virtual authenticator answers for the person as soon as the page waits for it.
		await page.goto("/sign-in");
		await page.waitForURL("/dashboard");
		expect((await level(page)).amr).toContain("hwk");
	});

	it("are a second factor, and a fresh proof", async () => {
		const page = await visit();
		const authenticator = await withAuthenticator(page);
		const email = await register(page);
		await addPasskey(page, "Second");
		await page.goto("/account/security");
		await page.getByRole("button", { name: "Ask for a second step" }).click();
		// Shown first, so that this session has no less than every other is asked for from then on.
		await complaint(page).getByRole("link", { name: "Confirm it" }).waitFor();
		await page.goto("/reauthenticate?why=level&next=/account/security");
		await page.getByRole("button", { name: "Use a passkey" }).click();
		await page.waitForURL("/account/security");
		await page.getByRole("button", { name: "Ask for a second step" }).click();
		await page.waitForURL("/account/security?saved");
		await page.context().clearCookies();
		await authenticator.isTouched(false);
		await page.goto("/sign-in");
		await signInBy(page, email);
		await page.waitForURL("/sign-in/second-step");
		// The device can be trusted by a passkey too, and what was chosen outlives one that is not taken.
		const trust = page.getByLabel("Do not ask on this device again for 30 days");
		expect(await trust.isChecked()).toBe(false);
		await trust.check();
		await authenticator.verifies(false);
		await authenticator.isTouched(true);
		await page.getByRole("button", { name: "Use a passkey" }).click();
		await complaint(page).waitFor();
		expect(await trust.isChecked()).toBe(true);
		await authenticator.verifies(true);
		await page.getByRole("button", { name: "Use a passkey" }).click();
		await page.waitForURL("/dashboard");
		expect((await level(page)).amr).toEqual(["pwd", "hwk", "user", "mfa"]);
		await page.goto("/reauthenticate?next=/account");
		await page.getByRole("button", { name: "Use a passkey" }).click();
		await page.waitForURL("/account");
		await page.context().clearCookies({ name: /session$/ });
		await authenticator.isTouched(false);
		await page.goto("/sign-in");
		await signInBy(page, email);
		await page.waitForURL("/dashboard");
		expect((await level(page)).amr).toEqual(["pwd", "device"]);
	});

	it("[A30] do nothing when the person is not verified, and the page says so", async () => {
		const page = await visit();
		const authenticator = await withAuthenticator(page);
		await register(page);
		await addPasskey(page, "Unverified");
		await page.context().clearCookies();
		await authenticator.verifies(false);
		await page.goto("/sign-in");
		await page.getByRole("button", { name: "Use a passkey" }).click();
		await complaint(page).waitFor();
		expect(await level(page)).toBeNull();
	});

	it("[A30] are refused when a copy has counted further", async () => {
		const page = await visit();
		const authenticator = await withAuthenticator(page);
		await register(page);
		await addPasskey(page, "Copied");
		const [credential] = await authenticator.credentials();
		const authenticatorId = authenticator.id;
		const signIn = async () => {
			await page.context().clearCookies();
			await page.goto("/sign-in");
		};
		await signIn();
		await page.waitForURL("/dashboard");
		await signIn();
		await page.waitForURL("/dashboard");
		await authenticator.cdp.send("WebAuthn.removeCredential", {
			authenticatorId,
			credentialId: credential!.credentialId,
		});
		// The same key as it was when it was made: what a thief who copied it then would hold.
		await authenticator.cdp.send("WebAuthn.addCredential", { authenticatorId, credential: credential! as never });
		await signIn();
		await complaint(page).waitFor();
		expect(await level(page)).toBeNull();
	});

	it("are made in passing after a password, where the browser does that, and asked for no more once there is one", async () => {
		const page = await visit();
		await withAuthenticator(page);
		const asked: string[] = [];
		page.on("request", (request) => request.url().endsWith("/challenges") && asked.push(request.postData() ?? ""));
		const email = await register(page);
		await page.goto("/dashboard");
		await expect.poll(() => asked).toEqual([JSON.stringify({ for: "registration", upgrade: true })]);
		await addPasskey(page, "Made by hand");
		asked.length = 0;
		await page.context().clearCookies();
		await page.request.post("/api/auth", { data: { identifier: email, password } });
		await page.goto("/dashboard", { waitUntil: "networkidle" });
		expect(asked).toEqual([]);
	});

	it.each([
		["a phone beside it", "cable", "hybrid"],
		["a key that is plugged in", "usb", "usb"],
	])("work from another device, such as %s", async (_, transport, hint) => {
		const page = await visit();
		await withAuthenticator(page, { transport });
		await register(page);
		await addPasskey(page, "Another device");
		const headers = { origin: new URL(page.url()).origin };
		const data = { for: "reauthentication" };
		const asked = await page.request.post("/api/auth/passkeys/challenges", { data, headers });
		const [held] = (await asked.json()).options.allowCredentials;
		expect(held.transports).toContain(hint);
		await page.goto("/reauthenticate?next=/account");
		await page.getByRole("button", { name: "Use a passkey" }).click();
		await page.waitForURL("/account");
		expect((await level(page)).amr).toEqual(["pwd", "hwk", "user", "mfa"]);
	});

	it("are shown by the browser under the name that the person has now", async () => {
		const page = await visit();
		const authenticator = await withAuthenticator(page);
		await register(page, "Ada Lovelace");
		await addPasskey(page, "Named");
		expect(await authenticator.credentials()).toMatchObject([{ userDisplayName: "Ada Lovelace" }]);
		await page.goto("/account");
		await page.getByLabel("Name", { exact: true }).fill("Ada King");
		await page.getByRole("button", { name: "Save" }).click();
		await page.waitForURL("/account?saved");
		await expect.poll(authenticator.credentials).toMatchObject([{ userDisplayName: "Ada King" }]);
	});

	it("that were removed elsewhere are forgotten by the browser, and the page says so", async () => {
		const page = await visit();
		const authenticator = await withAuthenticator(page);
		const email = await register(page);
		await addPasskey(page, "Removed");
		const other = await visit();
		const signedIn = await other.request.post("/api/auth", { data: { identifier: email, password } });
		expect(signedIn.status()).toBe(200);
		const { passkeys } = await (await other.request.get("/api/auth/passkeys")).json();
		const origin = new URL(page.url()).origin;
		const removed = await other.request.delete(`/api/auth/passkeys/${passkeys[0].id}`, { headers: { origin } });
		expect(removed.status()).toBe(200);
		await page.context().clearCookies();
		await page.goto("/sign-in");
		await complaint(page).waitFor();
		expect(await complaint(page).textContent()).toContain("Nobody here has this passkey");
		await expect.poll(async () => (await authenticator.credentials()).length).toBe(0);
	});
});

it("shows no passkey button where no script runs", async () => {
	const page = await visit({ javaScriptEnabled: false });
	for (const path of ["/sign-in", "/sign-up"]) {
		await page.goto(path);
		expect(await page.getByRole("button", { name: /passkey/ }).count()).toBe(0);
	}
});

/** Tells when the page has asked for a passkey. Runs in the page. */
function tellWhenAsked() {
	const { credentials } = navigator;
	const get = credentials.get.bind(credentials);
	credentials.get = (options) => {
		const asked = get(options);
		(globalThis as { isAsked?: boolean }).isAsked = true;
		return asked;
	};
}
