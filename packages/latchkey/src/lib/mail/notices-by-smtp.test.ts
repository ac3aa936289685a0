import { describe, expect, it } from "vitest";
import { type App, withApp, withPasskey } from "../../../test/factors.ts";
import { adaThere, type FakeProvider, startFakeProvider } from "../../../test/fake-provider.ts";
import { ada, from, openTestAuth, type TestAuth } from "../../../test/harness.ts";
import { codeIn, tokenIn } from "../../../test/mail.ts";
import { type Delivered, type MailServer, startMailServer } from "../../../test/mail-server.ts";
import { comeBack, oidcAt } from "../../../test/oauth-harness.ts";
import { emailCode } from "../email-codes/email-code.ts";
import { undoEmailChange } from "../email-verification/undo-email-change.ts";
import { noticedEvents } from "../events/notices.ts";
import { installArrivalStamp } from "../http/arrival.ts";
import { passkey } from "../passkeys/passkey.ts";
import { hardStop } from "../passwords/hard-stop.ts";
import { password } from "../passwords/password.ts";
import { freshName, inSchema, sharedServer } from "../storage/postgres/fixtures/postgres-contract-store.ts";
import { TestAuthenticator } from "../testing/test-authenticator.ts";
import type { TestAnswer, TestBrowser } from "../testing/test-browser.ts";
import { deleteDueAccounts } from "../users/deletion.ts";
import { ar } from "./words-ar.ts";
import { en, type MailWords } from "./words-en.ts";

installArrivalStamp();

const databases = {
	SQLite: async () => ({}),
	PostgreSQL: async () => ({ database: inSchema(await sharedServer(), freshName()) }),
};

const place = "203.0.113.7";
const chrome =
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";
const newPassword = "another horse staple";

const languages = [
	["en", en],
	["ar", ar],
] as const;

/** Somebody to whom everything happens that one is told of, and what the mail server got of it. */
class Life {
	readonly auth: TestAuth;
	readonly server: MailServer;
	readonly language: string;
	/** What may stand in no notice. */
	readonly secrets: string[] = [ada.password, newPassword];

	constructor(auth: TestAuth, server: MailServer, language: string) {
		this.auth = auth;
		this.server = server;
		this.language = language;
	}

	browser(): TestBrowser {
		const headers = { ...from(place), "user-agent": chrome, "accept-language": this.language };
		return this.auth.browser({ headers });
	}

	/** What arrived since the last time. */
	async mails(): Promise<readonly Delivered[]> {
		await this.auth.settled();
		await (await this.auth.engine()).sender.flush();
		return this.server.delivered.splice(0);
	}

	async signIn(password: string): Promise<TestBrowser> {
		const browser = this.browser();
		expect((await browser.post("/api/auth", { email: ada.email, password })).status).toBe(200);
		return browser;
	}
}

describe.each(Object.entries(databases))("who is told by mail, with %s", (_name, database) => {
	async function begin(language: string) {
		const server = await startMailServer();
		const fake = await startFakeProvider();
		const auth = openTestAuth({
			methods: [password(), emailCode(), passkey(), oidcAt(fake)],
			emailVerification: "optional",
			name: "Example",
			smtp: server.url,
			trustedDevices: { days: 7 },
			...(await database()),
		});
		return { life: new Life(auth, server, language), fake };
	}

	it.each(languages)(
		"is the old address of a change, who takes it back, and who deletes an account, in %s",
		{
			timeout: 60_000,
		},
		async (language, words) => {
			const { life } = await begin(language);
			const mailWith = async (subject: string) =>
				(await life.mails()).find(({ email }) => email.subject === subject.replace("{site}", "Example"))!;
			const owner = life.browser();
			ok(await owner.post("/api/auth/sign-up", ada), 201);
			const path = "/api/auth/email-verifications";
			const codeTo = async (browser: TestBrowser) => {
				const mail = (await life.mails()).find(({ email }) => /^ {4}\d{6}$/m.test(email.text ?? ""));
				ok(await browser.put(`${path}/${codeIn({ text: mail!.email.text! })}`), 200);
			};
			await codeTo(owner);
			ok(await owner.post(path, { email: "ada@new.example" }), 202);
			await codeTo(owner);
			const changed = await mailWith(words.emailChanged.subject);
			expectNotice(changed, words, life.secrets, { undo: true });
			expect(changed.email.text).toContain("ada@new.example");

			const link = tokenIn({ text: changed.email.text! });
			const nowhere = { headers: new Headers(), arrivedAgoMs: 0, kind: "fetch", url: null } as const;
			const visitor = { ...nowhere, address: place, userAgent: chrome };
			expect(await undoEmailChange(await life.auth.engine(), visitor, link)).toEqual({ ok: true });
			expectNotice(await mailWith(`${words.notices["email.change_undone"]} – {site}`), words, life.secrets);

			await reset(life, () => life.mails(), newPassword);
			await life.mails();
			const back = await life.signIn(newPassword);
			ok(await back.delete("/api/auth/user"), 200);
			expectNotice(await mailWith(words.deletionRequested.subject), words, life.secrets, { undo: true });
			life.auth.clock.advance({ days: 8 });
			const { storage, pseudonyms } = await life.auth.engine();
			expect(await deleteDueAccounts(storage, pseudonyms, 9)).toBe(1);
			const { email, envelope } = await mailWith(words.userDeleted.subject);
			expect(envelope.to).toEqual([ada.email]);
			for (const part of [email.text!, email.html!]) {
				for (const fact of [words.userDeleted.text, words.when, "UTC"]) expect(part).toContain(fact);
			}
		},
	);

	it.each(languages)(
		"[ASVS 6.3.7] is the owner, of everything that a thief would do, in %s",
		{ timeout: 60_000 },
		async (language, words) => {
			const { life, fake } = await begin(language);
			const told = new Map<string, Delivered>();
			const subjects = new Map(Object.entries(words.notices).map(([type, what]) => [`${what} – Example`, type]));
			await live(life, fake, async () => {
				const mails = await life.mails();
				for (const mail of mails) {
					const type = subjects.get(mail.email.subject ?? "");
					if (type !== undefined) told.set(type, mail);
				}
				return mails;
			});
			expect([...told.keys()].toSorted()).toEqual([...noticedEvents, "user.updated"].toSorted());
			for (const mail of told.values()) expectNotice(mail, words, life.secrets);
		},
	);
});

/** Everything that one is told of by a notice, through the front door. `note` takes up what has arrived. */
async function live(life: Life, fake: FakeProvider, note: () => Promise<readonly Delivered[]>): Promise<void> {
	const { auth } = life;
	const stranger = life.browser();
	ok(await stranger.post("/api/auth/sign-up", ada), 201);
	const owner = life.browser();
	await owner.post("/api/auth/email-codes", { email: ada.email });
	const { text = "" } = (await note()).find(({ email }) => /\d{6}/.test(email.subject ?? ""))!.email;
	// The first proof of the address: the password of whoever signed up goes.
	ok(await owner.post("/api/auth", { code: codeIn({ text }) }), 200);
	// It can be chosen again by the page for it, or by mail.
	ok(await owner.post("/api/auth/password", { newPassword }), 201);
	await reset(life, note, ada.password);

	let browser = await life.signIn(ada.password);
	ok(await browser.patch("/api/auth/user", { username: "lovelace" }), 200);
	ok(await browser.get("/api/auth/user/export"), 200);
	ok(await browser.put("/api/auth/password", { currentPassword: ada.password, newPassword }), 200);
	ok(await browser.delete("/api/auth/sessions"), 200);
	ok(await connect(fake, browser), 303);
	const [connection] = (await browser.get("/api/auth/identities")).body.connections;
	ok(await browser.delete(`/api/auth/identities/${connection.id}`), 200);
	const key = ok(await withPasskey(browser, new TestAuthenticator()), 201).passkey;
	ok(await browser.delete(`/api/auth/passkeys/${key.id}`), 200);

	const app = await withApp(auth, browser);
	for (const secondStep of [false, true]) ok(await browser.patch("/api/auth/factors", { secondStep }), 200);
	ok(await browser.post("/api/auth/factors/recovery-codes"), 201).codes.map((code: string) => life.secrets.push(code));
	life.secrets.push(app.secret, ...app.recoveryCodes);
	await trusted(life, app);
	browser = life.browser();
	ok(await browser.post("/api/auth", { email: ada.email, password: newPassword }), 202);
	const code = life.secrets.find((secret) => /^(\w{4}-){5}/.test(secret));
	ok(await browser.post("/api/auth/attempt", { factor: "recovery_code", code }), 200);
	ok(await browser.delete("/api/auth/factors/totp"), 200);

	await copied(auth, browser);
	browser = await life.signIn(newPassword);
	ok(await browser.delete("/api/auth/user"), 200);
	browser = await life.signIn(newPassword);
	ok(await browser.delete("/api/auth/user/deletion"), 200);
	for (let failure = 0; failure < hardStop; failure++) {
		auth.clock.advance({ hours: 1 });
		await life.browser().post("/api/auth", { email: ada.email, password: "surely not the password" });
	}
	await note();
}

/** A new password by mail. */
async function reset(life: Life, note: () => Promise<readonly Delivered[]>, password: string): Promise<void> {
	ok(await life.browser().post("/api/auth/password-resets", { email: ada.email }), 202);
	const { text = "" } = (await note()).find(({ raw }) => raw.includes("/mail-links/"))!.email;
	ok(await life.browser().put(`/api/auth/password-resets/${tokenIn({ text })}`, { newPassword: password }), 200);
}

async function connect(fake: FakeProvider, browser: TestBrowser): Promise<TestAnswer> {
	const { authorizationUrl } = ok(await browser.post("/api/auth/identities", { provider: "example" }), 200);
	return comeBack(browser, fake.authorize(authorizationUrl, adaThere));
}

/** A device is trusted, and somebody comes with a copy of what it kept before. */
async function trusted(life: Life, app: App): Promise<void> {
	const browser = life.browser();
	const credentials = { email: ada.email, password: newPassword };
	ok(await browser.post("/api/auth", credentials), 202);
	ok(await browser.post("/api/auth/attempt", { factor: "totp", code: app.code(), trustDevice: true }), 200);
	const old = browser.cookies.get("trusted-device")!;
	ok(await browser.post("/api/auth", credentials), 200);
	life.auth.clock.advance({ hours: 1 });
	browser.cookies.set("trusted-device", old);
	ok(await browser.post("/api/auth", credentials), 202);
}

/** Somebody comes back with a token whose successor has long been seen. */
async function copied(auth: TestAuth, browser: TestBrowser): Promise<void> {
	const old = browser.cookies.get("session")!;
	auth.clock.advance({ minutes: 16 });
	await browser.get("/api/auth/sessions");
	await auth.settled();
	auth.clock.advance({ minutes: 1 });
	ok(await browser.post("/api/auth/refresh"), 200);
	await browser.get("/api/auth/sessions");
	await auth.settled();
	auth.clock.advance({ minutes: 1 });
	browser.cookies.set("session", old);
	ok(await browser.get("/api/auth/sessions"), 401);
}

function ok({ status, body }: TestAnswer, expected: number) {
	expect(status, JSON.stringify(body)).toBe(expected);
	return body;
}

/** Time, device, place, the way to the devices page; in both parts, and no secret, but for the link that undoes it. */
function expectNotice(
	{ email, envelope }: Delivered,
	words: MailWords,
	secrets: readonly string[],
	{ undo = false } = {},
): void {
	expect(envelope.to).toEqual([ada.email]);
	const device = words.on.replace("{browser}", "Chrome").replace("{system}", "Windows");
	for (const part of [email.text!, email.html!.replaceAll("&#47;", "/")]) {
		for (const fact of [place, device, "UTC", words.when, "http://localhost:3000/account/devices"]) {
			expect(part, email.subject).toContain(fact);
		}
		for (const secret of secrets) expect(part).not.toContain(secret);
		expect(part.includes("mail-links")).toBe(undo);
	}
}
