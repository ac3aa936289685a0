/**
 * `npm run screenshots`: pictures of every page into screenshots/, at 320 px and at desktop width, light and dark, in
 * every language. For people to look at; nothing compares them.
 *
 *   npm run screenshots -- sign-in devices     only pictures whose name holds one of the words
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { TOTP } from "otpauth";
import { chromium } from "playwright-core";
import { startApplication } from "../e2e/application.ts";
import { TestAuthenticator } from "../packages/latchkey/src/lib/testing/test-authenticator.ts";
import { buildApp } from "./lib/build.mjs";
import { chromiumArguments, ensureChromium } from "./lib/chromium.mjs";
import { main, root } from "./lib/main.mjs";

const password = "correct horse battery";
const person = { email: "ada@example.com", username: "ada", name: "Ada Lovelace" };
const elsewhere = [
	"Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1",
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:150.0) Gecko/20100101 Firefox/150.0",
	"curl/8.5.0",
];

const stranger = [
	{ name: "landing", path: "/" },
	{ name: "sign-in", path: "/sign-in?next=/dashboard" },
	{ name: "sign-in-wrong", path: "/sign-in", act: (page) => signIn(page, person.email, "not the password") },
	{ name: "sign-in-throttled", path: "/sign-in", act: guessTooOften },
	{ name: "sign-in-problem", path: "/sign-in/problem?problem=account_exists&provider=example&reference=0123abcd" },
	{ name: "sign-up", path: "/sign-up" },
	{ name: "sign-up-complete", path: "/sign-up/complete" },
	{ name: "sign-up-complete-waiting", path: "/sign-in", act: comeWithoutAddress },
	{ name: "sign-up-refused", path: "/sign-up", act: signUpBadly },
	{ name: "forgot-password", path: "/forgot-password?sent" },
	{ name: "reset-password", path: "/reset-password" },
	{ name: "reset-password-by-link", path: "/dev/mailbox", act: (page) => followLink(page, "Choose a new password") },
	{ name: "sign-in-code", path: "/sign-in/code" },
	{ name: "mail-link", path: "/mail-link?broken" },
	{ name: "undo-address", path: "/dev/mailbox", act: (page) => followLink(page, "was changed") },
	{ name: "undo-deletion", path: "/dev/mailbox", act: (page) => followLink(page, "will be deleted") },
	{ name: "mailbox", path: "/dev/mailbox" },
	{ name: "goodbye", path: "/goodbye" },
	{ name: "goodbye-in-seven-days", path: "/goodbye?deletes=2030-01-08T12:00:00.000Z" },
];
/** Who comes by the example provider, where they know people. */
const connected = [{ name: "contacts-connected", path: "/sign-in?next=/contacts", act: seeContacts }];
/** Who has typed the password, and has an authenticator app. */
const halfway = [{ name: "second-step", path: "/sign-in/second-step" }];
/** Who is not asked for the second step on this device. */
const trusting = [{ name: "devices-trusted", path: "/account/devices?done=forgotten" }];
const member = [
	{ name: "landing-signed-in", path: "/" },
	{ name: "account-menu", path: "/dashboard", act: (page) => page.locator("[popovertarget]").click() },
	{ name: "dashboard", path: "/dashboard" },
	{ name: "fetch", path: "/fetch", act: (page) => page.locator("main button").first().click() },
	{ name: "reauthenticate", path: "/reauthenticate?next=/account/data" },
	{ name: "sign-in-already", path: "/sign-in" },
	{ name: "profile", path: "/account?saved" },
	{ name: "reauthenticate-level", path: "/reauthenticate?why=level" },
	{ name: "security", path: "/account/security" },
	{ name: "security-app", path: "/account/security/app" },
	{ name: "security-recovery-codes", path: "/account/security/recovery-codes" },
	{ name: "security-passkeys", path: "/account/security/passkeys" },
	{ name: "password", path: "/account/password" },
	{ name: "password-changed", path: "/account/password?saved" },
	{ name: "address", path: "/account/email" },
	{ name: "verify-email", path: "/verify-email" },
	{ name: "devices", path: "/account/devices" },
	{ name: "connections", path: "/account/connections" },
	{ name: "contacts", path: "/contacts", act: (page) => page.locator("main button:visible").last().click() },
	{ name: "activity", path: "/account/activity" },
	{ name: "data", path: "/account/data" },
	{ name: "appearance", path: "/account/appearance" },
	{ name: "not-found", path: "/nothing/here" },
	{ name: "offline", path: "/account/password", act: (page) => page.context().setOffline(true) },
];
/** Who has a passkey, an authenticator app and no password. */
const keyholder = [
	{ name: "first-password", path: "/account/password" },
	{ name: "security-with-factors", path: "/account/security" },
	{ name: "security-app-added", path: "/account/security/app" },
	{
		name: "security-passkey",
		path: "/account/security/passkeys",
		act: (page) => page.locator("main li a[href*='/passkeys/']").click(),
	},
	{
		name: "security-recovery-codes-shown",
		path: "/account/security/recovery-codes",
		act: async (page) => {
			await page.locator("main form [type=submit]").click();
			await page.locator("main li code").first().waitFor();
		},
	},
];

await main(async () => {
	const wanted = process.argv.slice(2);
	const folder = join(root, "screenshots");
	const data = mkdtempSync(join(tmpdir(), "latchkey-screenshots-"));
	await buildApp(root);
	const application = await startApplication({ AUTH_DATABASE_URL: `file:${join(data, "auth.db")}` });
	const browser = await chromium.launch({ executablePath: ensureChromium(), args: chromiumArguments });
	try {
		const ada = await prepare(application.origin);
		const waiting = await prepareSecondStep(application.origin);
		await prepareMails(application.origin);
		mkdirSync(folder, { recursive: true });
		for (const look of looks()) {
			// Pages that ask for a recent proof get one, however long all the pictures take.
			await ada.ask("POST", "/reauthentication", { password });
			const grace = await prepareKeyholder(application.origin, look);
			const casts = [
				[stranger, []],
				[member, [ada.cookie("session")]],
				[keyholder, [grace]],
				[connected, []],
				...waiting,
			];
			await takePictures(browser, application.origin, casts, look, wanted, folder);
		}
	} finally {
		await browser.close();
		await application.stop();
		rmSync(data, { recursive: true, force: true });
	}
	console.log(`The pictures are in ${folder}`);
	return 0;
});

function looks() {
	return ["en", "ar"].flatMap((language) =>
		["light", "dark"].flatMap((theme) => [320, 1280].map((width) => ({ language, theme, width }))),
	);
}

/** Somebody with a few devices and some history. */
async function prepare(origin) {
	await newVisitor(origin).ask("POST", "/sign-up", { ...person, password });
	const agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36";
	let visitor;
	for (const userAgent of [...elsewhere, agent]) {
		visitor = newVisitor(origin, userAgent);
		await visitor.ask("POST", "", { identifier: person.email, password });
	}
	return visitor;
}

/** Somebody without a password, who has an authenticator app beside their passkey. Answers the session's cookie. */
async function prepareKeyholder(origin, { language, theme, width }) {
	const visitor = newVisitor(origin);
	const email = `grace.${language}.${theme}.${width}@example.com`;
	const names = { for: "sign-up", email, name: "Grace Hopper" };
	const { options } = await visitor.ask("POST", "/passkeys/challenges", names);
	await visitor.ask("POST", "/sign-up/passkey", { credential: new TestAuthenticator({ origin }).create(options) });
	await addApp(visitor);
	return visitor.cookie("session");
}

/** Somebody with an authenticator app, before the second step and after it on a device that they trust. */
async function prepareSecondStep(origin) {
	const visitor = newVisitor(origin);
	const email = "katherine@example.com";
	await visitor.ask("POST", "/sign-up", { email, password, name: "Katherine Johnson" });
	const secret = await addApp(visitor);
	const code = new TOTP({ secret }).generate({ timestamp: Date.now() + 30_000 });
	await visitor.ask("POST", "", { email, password });
	await visitor.ask("POST", "/attempt", { factor: "totp", code, trustDevice: true });
	const returning = newVisitor(origin);
	await returning.ask("POST", "", { email, password });
	return [
		[halfway, [returning.cookie("attempt")]],
		[trusting, [visitor.cookie("session"), visitor.cookie("trusted-device")]],
	];
}

async function addApp(visitor) {
	const { secret, enrolment } = await visitor.ask("POST", "/factors/totp");
	await visitor.ask("PUT", "/factors/totp", { enrolment, code: new TOTP({ secret }).generate(), name: "Old phone" });
	return secret;
}

/** Messages whose links undo something, or choose a new password. */
async function prepareMails(origin) {
	for (const [email, undoes] of [
		["mary@example.com", "address"],
		["dorothy@example.com", "deletion"],
	]) {
		const visitor = newVisitor(origin);
		await visitor.ask("POST", "/sign-up", { email, password });
		await visitor.ask("POST", "/email-verifications", {});
		await visitor.ask("PUT", `/email-verifications/${await mailedCode(origin, email, "Confirm your address")}`);
		if (undoes === "deletion") await visitor.ask("DELETE", "/user");
		else {
			const other = "mary.jackson@example.com";
			await visitor.ask("POST", "/email-verifications", { email: other });
			await visitor.ask("PUT", `/email-verifications/${await mailedCode(origin, other, "Confirm your new address")}`);
		}
	}
	await newVisitor(origin).ask("POST", "/password-resets", { email: person.email });
}

/** The code in a message of the mailbox, once it has been sent. */
async function mailedCode(origin, address, subject) {
	for (;;) {
		const messages = (await (await fetch(`${origin}/dev/mailbox`)).text()).split("<article").slice(1);
		const message = messages.find((text) => text.includes(`<bdi>${address}</bdi>`) && text.includes(subject));
		const code = /\n {4}(\d{6})\n/.exec(message ?? "")?.[1];
		if (code !== undefined) return code;
		await setTimeout(100);
	}
}

/** Somebody who asks over HTTP and keeps cookies. */
function newVisitor(origin, userAgent = "curl/8.5.0") {
	const jar = new Map();
	return {
		cookie: (name) => `${name}=${jar.get(name)}`,
		async ask(method, path, body) {
			const answer = await fetch(`${origin}/api/auth${path}`, {
				method,
				headers: {
					"content-type": "application/json",
					"user-agent": userAgent,
					origin,
					cookie: [...jar].map(([name, value]) => `${name}=${value}`).join("; "),
				},
				...(body !== undefined && { body: JSON.stringify(body) }),
			});
			for (const line of answer.headers.getSetCookie()) {
				const [name, value] = line.split(";")[0].split(/=(.*)/s);
				jar.set(name, value);
			}
			if (!answer.ok) throw new Error(`${method} ${path} was answered with ${answer.status}`);
			return answer.json();
		},
	};
}

async function takePictures(browser, origin, casts, { language, theme, width }, wanted, folder) {
	for (const [cast, cookies] of casts) {
		const context = await browser.newContext({
			baseURL: origin,
			locale: language,
			colorScheme: theme,
			viewport: { width, height: width === 320 ? 640 : 800 },
			deviceScaleFactor: width === 320 ? 2 : 1,
		});
		await context.addCookies(
			cookies.map((pair) => ({ name: pair.split("=")[0], value: pair.slice(pair.indexOf("=") + 1), url: origin })),
		);
		for (const { name, path, act } of cast) {
			if (wanted.length > 0 && !wanted.some((word) => name.includes(word))) continue;
			const page = await context.newPage();
			await page.goto(path, { waitUntil: "networkidle" });
			await act?.(page);
			await page.waitForTimeout(act === undefined ? 0 : 400);
			await page.screenshot({ path: join(folder, `${name}-${language}-${theme}-${width}.png`), fullPage: true });
			await page.close();
		}
		await context.close();
	}
}

async function signIn(page, identifier, typed) {
	await page.locator("[name=identifier]").fill(identifier);
	await page.locator("[name=password]").fill(typed);
	await page.locator("main form:has([name=identifier]) [type=submit]").click();
	await page.locator("main [role=alert]").waitFor();
}

/** Somebody new, whose provider has proven no address. */
async function comeWithoutAddress(page) {
	await page.locator("form[action$=example] [type=submit]").click();
	await page.getByRole("button", { name: "Rosalind Franklin" }).click();
	await page.waitForURL((url) => url.pathname === "/sign-up/complete");
	await page.locator("[name=identifier]:visible").waitFor();
}

async function seeContacts(page) {
	await page.locator("form[action$=example] [type=submit]").click();
	await page.getByRole("button", { name: "Katherine Johnson" }).click();
	await page.waitForURL("/contacts");
	await page.locator("main button:visible").last().click();
	await page.getByText('"name":').first().waitFor();
}

/** Follows the link of the newest message that says this and has one. */
async function followLink(page, subject) {
	const message = page.locator("article", { hasText: subject });
	await page.goto(await message.locator("a[href*='/mail-links/']").first().getAttribute("href"));
}

async function guessTooOften(page) {
	const identifier = `guessed-${Date.now()}@example.com`;
	const guess = { identifier, password: "a guess" };
	for (let count = 0; count < 10; count++) await page.request.post("/api/auth", { data: guess });
	await signIn(page, identifier, "one more");
}

async function signUpBadly(page) {
	await page.locator("[name=identifier]").fill("ada");
	await page.locator("[name=new_password]").fill("password");
	await page.locator("main form:has([name=identifier]) [type=submit]").click();
	await page.locator("main [role=alert]").waitFor();
}
