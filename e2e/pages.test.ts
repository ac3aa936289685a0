import axe from "axe-core";
import type { BrowserContext, Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { totpCode } from "../packages/latchkey/test/factors.ts";
import {
	complaint,
	mailTo,
	newAddress,
	origin,
	register,
	registerWithoutPassword,
	visit,
	visitForAll,
} from "./visit.ts";

interface Screen {
	name: string;
	path: string;
	/** What is done there first. */
	act?: (page: Page) => Promise<unknown>;
}

const send = async (page: Page) => {
	await page.locator("main form:has([name=identifier]) [type=submit]").click();
	await complaint(page).waitFor();
};

/** Half-way in: somebody with an authenticator app has typed the password. */
async function waitForSecondStep(page: Page): Promise<string> {
	const elsewhere = await visit();
	const email = await register(elsewhere);
	const { request } = elsewhere;
	const headers = { origin };
	const { secret, enrolment } = await (await request.post("/api/auth/factors/totp", { headers })).json();
	const data = { enrolment, code: totpCode(secret, Date.now()) };
	await request.put("/api/auth/factors/totp", { headers, data });
	await elsewhere.context().clearCookies();
	await request.post("/api/auth", { data: { email, password: "correct horse battery" } });
	const attempt = (await elsewhere.context().cookies()).filter(({ name }) => name === "attempt");
	await page.context().addCookies(attempt);
	await page.goto("/sign-in/second-step");
	await page.locator("input[name=code]").waitFor();
	return secret;
}

/** Somebody new, whose provider has proven no address. */
async function comeWithoutAddress(page: Page) {
	await page.locator("form[action$=example] [type=submit]").click();
	await page.getByRole("button", { name: "Rosalind Franklin" }).click();
	await page.locator("[name=identifier]:visible").waitFor();
	await page.waitForURL((url) => url.pathname === "/sign-up/complete");
}

/** Somebody whose account at the provider is connected sees their contacts there, twice. */
async function seeContacts(page: Page) {
	await page.locator("form[action$=example] [type=submit]").click();
	// Nobody else's test comes as her: an account there can be connected to one here.
	await page.getByRole("button", { name: "Ada Lovelace" }).click();
	await page.waitForURL("/contacts");
	await page.locator("main button:visible").last().click();
	await page.getByText('"email": "grace@example.org"').waitFor();
}

/** The same person goes on, trusts the device, and looks at the page that says so. */
async function trustDevice(page: Page) {
	const secret = await waitForSecondStep(page);
	await page.locator("[name=trust_device]:visible").check();
	await page.locator("input[name=code]").fill(totpCode(secret, Date.now() + 30_000));
	await page.locator("main form:has([name=code]) [type=submit]").click();
	await page.waitForURL("/dashboard");
	await page.goto("/account/devices?done=forgotten");
}

/** Somebody who has a passkey and no password looks at the page of passwords. */
async function withoutPassword(page: Page) {
	await registerWithoutPassword(page);
	await page.goto("/account/password");
}

const forStrangers: Screen[] = [
	{ name: "landing", path: "/" },
	{ name: "sign-in", path: "/sign-in?next=/account" },
	{ name: "sign-in, refused", path: "/sign-in", act: send },
	{ name: "sign-up, refused", path: "/sign-up", act: send },
	{ name: "sign-up at a provider, gone", path: "/sign-up/complete" },
	{ name: "sign-up at a provider", path: "/sign-in", act: comeWithoutAddress },
	{ name: "sign-in problem", path: "/sign-in/problem?problem=account_exists&provider=example&reference=0123abcd" },
	{ name: "sign-in cancelled", path: "/sign-in/problem?problem=sign_in_cancelled&provider=example" },
	{ name: "second step, expired", path: "/sign-in/second-step" },
	{ name: "second step", path: "/sign-in", act: waitForSecondStep },
	{ name: "forgotten password, sent", path: "/forgot-password?sent" },
	{ name: "forgotten password, refused", path: "/forgot-password", act: send },
	{ name: "reset without a link", path: "/reset-password" },
	{ name: "sign-in by code", path: "/sign-in/code" },
	{
		name: "sign-in by code, asked for",
		path: "/sign-in/code",
		async act(page) {
			await page.locator("[name=identifier]").fill(newAddress());
			await page.locator("main [type=submit]").click();
			await page.locator("[name=code]:visible").waitFor();
		},
	},
	{ name: "reset by a link", path: "/sign-in", act: (page) => page.goto(links.reset) },
	{ name: "a code to be typed elsewhere", path: "/sign-in", act: (page) => page.goto(links.code) },
	{ name: "taking a change of address back", path: "/sign-in", act: (page) => page.goto(links.addressUndo) },
	{ name: "keeping an account", path: "/sign-in", act: (page) => page.goto(links.deletionUndo) },
	{ name: "verify, nobody", path: "/verify-email" },
	{ name: "broken link", path: "/mail-link?broken" },
	{ name: "mailbox", path: "/dev/mailbox" },
	{ name: "goodbye", path: "/goodbye" },
	{ name: "goodbye, in seven days", path: "/goodbye?deletes=2030-01-08T12:00:00.000Z" },
	// The last: the tab is signed in afterwards.
	{ name: "contacts, connected", path: "/sign-in?next=/contacts", act: seeContacts },
	{ name: "first password", path: "/", act: withoutPassword },
	{ name: "devices, one of them trusted", path: "/", act: trustDevice },
];

const forMembers: Screen[] = [
	{ name: "landing, signed in", path: "/", act: (page) => page.locator("[popovertarget]").click() },
	{ name: "sign-in, signed in", path: "/sign-in" },
	{ name: "dashboard", path: "/dashboard", act: (page) => page.locator("main ol li").first().waitFor() },
	{ name: "fetch", path: "/fetch", act: (page) => page.locator("main button").first().click() },
	{ name: "reauthenticate", path: "/reauthenticate" },
	{ name: "reauthenticate for two factors", path: "/reauthenticate?why=level" },
	{ name: "reauthenticated", path: "/reauthenticate/done" },
	{ name: "profile", path: "/account?saved" },
	{ name: "sign-in methods", path: "/account/security?saved" },
	{ name: "authenticator app", path: "/account/security/app" },
	{ name: "recovery codes", path: "/account/security/recovery-codes" },
	{ name: "passkeys", path: "/account/security/passkeys?done=removed" },
	{ name: "password", path: "/account/password" },
	{ name: "password, changed", path: "/account/password?saved" },
	{ name: "address", path: "/account/email" },
	{ name: "verify", path: "/verify-email?sent" },
	{ name: "devices", path: "/account/devices" },
	{ name: "connections", path: "/account/connections?problem=identity_taken&provider=example" },
	{ name: "contacts", path: "/contacts" },
	{ name: "activity", path: "/account/activity" },
	{ name: "data", path: "/account/data" },
	{ name: "appearance", path: "/account/appearance" },
	{ name: "not found", path: "/nothing/here" },
];

/** Of messages to the member: what a link leads to is a page like any other. */
const links = { reset: "", code: "", addressUndo: "", deletionUndo: "" };

let member: Awaited<ReturnType<BrowserContext["storageState"]>>;

beforeAll(async () => {
	const page = await visit();
	const email = await register(page, "Ada Lovelace");
	const other = await visit({ userAgent: "Mozilla/5.0 (Windows NT 10.0; rv:150.0) Gecko/20100101 Firefox/150.0" });
	await other.request.post("/api/auth", { data: { identifier: email, password: "correct horse battery" } });
	member = await page.context().storageState();
	await other.request.post("/api/auth/password-resets", { data: { email }, headers: { origin } });
	await other.request.post("/api/auth/email-codes", { data: { email }, headers: { origin } });
	links.reset = (await mailTo(email, /Choose a new password for/)).link;
	links.code = (await mailTo(email, /is your code for/)).link;
	links.addressUndo = await undoLink(/was changed/, async (other) => {
		const email = newAddress();
		await other.request.post("/api/auth/email-verifications", { data: { email }, headers: { origin } });
		await typeCode(other, email, /Confirm your new address/);
	});
	links.deletionUndo = await undoLink(/will be deleted/, (other) =>
		other.request.delete("/api/auth/user", { headers: { origin } }),
	);
});

/** The link by which somebody with a proven address takes back what is done to their account. */
async function undoLink(subject: RegExp, act: (page: Page) => Promise<unknown>): Promise<string> {
	const page = await visit();
	const email = await register(page);
	await page.request.post("/api/auth/email-verifications", { data: {}, headers: { origin } });
	await typeCode(page, email, /Confirm your address/);
	await act(page);
	return (await mailTo(email, subject)).link;
}

async function typeCode(page: Page, address: string, subject: RegExp) {
	const { code } = await mailTo(address, subject);
	const answer = await page.request.put(`/api/auth/email-verifications/${code}`, { headers: { origin } });
	expect(answer.status()).toBe(200);
}

const screens = [
	...forStrangers.map((screen) => ({ ...screen, signedIn: false })),
	...forMembers.map((screen) => ({ ...screen, signedIn: true })),
];

describe.each(["en", "ar"])("every page in %s", (locale) => {
	const tabs = new Map<boolean, Page>();

	/** One tab for strangers and one for the member: their scripts are fetched once. */
	async function tabFor(signedIn: boolean): Promise<Page> {
		const options = { locale, reducedMotion: "reduce" as const, ...(signedIn && { storageState: member }) };
		const tab = tabs.get(signedIn) ?? (await visitForAll(options));
		tabs.set(signedIn, tab);
		await tab.emulateMedia({ colorScheme: "light" });
		await tab.setViewportSize({ width: 1280, height: 800 });
		return tab;
	}

	it.each(screens)("$name: axe, both themes, 320 px, sizes and spacing", async ({ path, act, signedIn }) => {
		const page = await tabFor(signedIn);
		const complaints: string[] = [];
		page.removeAllListeners("console").removeAllListeners("pageerror");
		page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
		page.on("pageerror", (error) => complaints.push(error.message));
		await page.goto(path);
		await act?.(page);

		expect(await axeViolations(page)).toEqual([]);
		await page.emulateMedia({ colorScheme: "dark" });
		expect(await axeViolations(page, ["color-contrast"])).toEqual([]);

		await page.setViewportSize({ width: 320, height: 640 });
		expect(await page.evaluate(inspect)).toEqual({ wide: [], small: [], fine: [], headings: 1, tabIndexes: [] });
		await page.evaluate(spaceOut);
		expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);

		const expected = [locale, locale === "ar" ? "rtl" : "ltr"];
		expect(await page.locator("html").evaluate((html: HTMLElement) => [html.lang, html.dir])).toEqual(expected);
		if (locale === "ar") expect(await page.evaluate(untranslated)).toEqual([]);
		// The 404 of the missing page is the one thing that is meant.
		expect(complaints.filter((text) => path !== "/nothing/here" || !text.includes("404"))).toEqual([]);
	});
});

describe("without JavaScript", () => {
	it.each(screens.filter(({ act }) => act === undefined || act === send))(
		"$name is whole",
		async ({ path, act, signedIn }) => {
			const page = await visit({ javaScriptEnabled: false, ...(signedIn && { storageState: member }) });
			await page.goto(path);
			await act?.(page);
			expect(await page.locator("h1:visible").count()).toBe(1);
			// React would put what comes late into hidden elements that only a script shows.
			expect(await page.locator("div[hidden] h1, div[hidden] form").count()).toBe(0);
			for (const form of await page.locator("form:has(input[type=password])").all()) {
				expect((await form.getAttribute("method"))?.toLowerCase()).toBe("post");
			}
			if (act !== undefined) expect(await axeViolations(await copyOf(page))).toEqual([]);
		},
	);
});

/** The page as it stands, in a window where scripts run but this page has none: axe is a script. */
async function copyOf(page: Page): Promise<Page> {
	const body = (await page.content()).replace(/<script\b.*?<\/script>/gs, "");
	const copy = await visit();
	await copy.route(page.url(), (route) => route.fulfill({ body, contentType: "text/html; charset=utf-8" }));
	await copy.goto(page.url());
	return copy;
}

/** WCAG 1.4.12, as its test method says. Runs in the page. */
function spaceOut() {
	const style = new CSSStyleSheet();
	style.replaceSync(`* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }
	p { margin-block-end: 2em !important; }`);
	document.adoptedStyleSheets.push(style);
}

async function axeViolations(page: Page, rules?: string[]) {
	await page.evaluate(axe.source);
	return page.evaluate(async (only) => {
		const run = (globalThis as unknown as { axe: typeof axe }).axe.run;
		const options = only === undefined ? {} : { runOnly: { type: "rule" as const, values: only } };
		const { violations } = await run(document, options);
		return violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html }) => html.slice(0, 200)) }));
	}, rules);
}

/** What does not fit, is too small to hit or to read, or is out of order. Runs in the page. */
function inspect() {
	const visible = (element: Element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
	const name = (element: Element) => `${element.tagName} ${element.textContent?.slice(0, 30)}`;
	const boxOf = (element: Element) => element.getBoundingClientRect();
	const all = [...document.body.querySelectorAll("*")].filter(
		(element) => visible(element) && boxOf(element).width > 1 && !element.closest("svg, pre, nextjs-portal"),
	);
	// Links inside a sentence are excepted by WCAG 2.5.8.
	const controls = all.filter((element) => element.matches("button, input, select, textarea, a:not(p a, li a, .link)"));
	return {
		wide: all.filter((element) => boxOf(element).right > 321 || boxOf(element).left < -1).map(name),
		small: controls
			.filter((element) => {
				const target = element.closest("label") ?? element;
				return boxOf(target).width < 24 || boxOf(target).height < 24;
			})
			.map(name),
		fine: all
			.filter((element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent?.trim()))
			.filter((element) => Number.parseFloat(getComputedStyle(element).fontSize) < 12)
			.map(name),
		headings: document.querySelectorAll("h1").length,
		tabIndexes: all.filter((element) => Number(element.getAttribute("tabindex") ?? 0) > 0).map(name),
	};
}

/** Text in Latin letters alone, where neither a name nor somebody's own words stand. Runs in the page. */
function untranslated() {
	const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	const texts: string[] = [];
	for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
		const parent = node.parentElement!;
		if (parent.closest("[translate=no], [lang=en], bdi, code, script, style, noscript, time, .uppercase")) continue;
		const text = node.textContent?.trim() ?? "";
		if (/[A-Za-z]{2}/.test(text) && !/\p{Script=Arabic}/u.test(text)) texts.push(text);
	}
	return texts.filter((text) => !["SQLite", "PostgreSQL", "HTTP"].includes(text));
}
