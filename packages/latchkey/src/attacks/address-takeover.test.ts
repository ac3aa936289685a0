import { describe, expect, it } from "vitest";
import { assertion, withApp, withPasskey } from "../../test/factors.ts";
import { ada, signedUp } from "../../test/harness.ts";
import { codeIn, type MailAuth, openMailAuth, resetByMail, tokenIn } from "../../test/mail.ts";
import { emailCode } from "../lib/email-codes/email-code.ts";
import { undoEmailChange } from "../lib/email-verification/undo-email-change.ts";
import { passkey } from "../lib/passkeys/passkey.ts";
import { password } from "../lib/passwords/password.ts";
import { freshName, inSchema, sharedServer } from "../lib/storage/postgres/fixtures/postgres-contract-store.ts";
import { TestAuthenticator } from "../lib/testing/test-authenticator.ts";
import type { TestBrowser } from "../lib/testing/test-browser.ts";

const databases = {
	SQLite: async () => ({}),
	PostgreSQL: async () => ({ database: inSchema(await sharedServer(), freshName()) }),
};

const path = "/api/auth/email-verifications";
const thiefs = { email: "thief@evil.example", other: "thief@other.example" };
const newPassword = "another horse staple";

describe.each(Object.entries(databases))("an account whose address a thief has changed, on %s", (_name, database) => {
	async function open() {
		const methods = [password(), emailCode(), passkey()];
		const auth = openMailAuth({ methods, ...(await database()) });
		const owner = await signedUp(auth);
		await owner.put(`${path}/${codeIn(await auth.mail("verify_email"))}`);
		return { auth, owner };
	}

	it("[A4] [ASVS 6.3.7] is its owner's again: no way in that the thief has added lets anybody in", async () => {
		const { auth } = await open();
		const thief = await signIn(auth, ada);
		const before = new TestAuthenticator();
		expect((await withPasskey(thief, before)).status).toBe(201);
		await changeTo(auth, thief, thiefs.email);
		const link = await undoLink(auth);
		auth.clock.advance({ minutes: 1 });
		const after = new TestAuthenticator();
		expect((await withPasskey(thief, after)).status).toBe(201);
		const { recoveryCodes } = await withApp(auth, thief);
		expect(await undoEmailChange(await auth.engine(), nowhere, link)).toEqual({ ok: true });

		expect((await thief.get("/api/auth")).body.authenticated).toBe(false);
		for (const authenticator of [before, after]) {
			const browser = auth.browser();
			const credential = await assertion(browser, authenticator, "sign-in");
			expect((await browser.post("/api/auth", { credential })).body.code).toBe("unknown_passkey");
		}
		for (const email of [ada.email, thiefs.email]) {
			expect((await auth.browser().post("/api/auth", { email, password: ada.password })).status).toBe(401);
		}
		await resetByMail(auth, ada.email, newPassword);
		const owner = await signIn(auth, { email: ada.email, password: newPassword });
		expect((await owner.get("/api/auth/factors")).body.factors).toMatchObject({ totp: null, recoveryCodes: 0 });
		expect((await owner.get("/api/auth/passkeys")).body.passkeys).toEqual([]);
		expect(recoveryCodes).toHaveLength(10);
		const told = (await auth.mails()).find(({ subject }) => subject.startsWith("The change of your address"));
		expect(told?.to).toBe(ada.email);
	});

	it("keeps what its owner had added before", async () => {
		const { auth, owner } = await open();
		const key = new TestAuthenticator();
		await withPasskey(owner, key);
		await withApp(auth, owner);
		auth.clock.advance({ days: 2 });
		const thief = auth.browser();
		const credential = await assertion(thief, key, "sign-in");
		expect((await thief.post("/api/auth", { credential })).status).toBe(200);
		await changeTo(auth, thief, thiefs.email);
		const link = await undoLink(auth);
		expect((await withPasskey(thief, new TestAuthenticator())).status).toBe(201);
		expect(await undoEmailChange(await auth.engine(), nowhere, link)).toEqual({ ok: true });
		const back = auth.browser();
		const again = await assertion(back, key, "sign-in");
		expect((await back.post("/api/auth", { credential: again })).status).toBe(200);
		const { totp, recoveryCodes, passkeys } = (await back.get("/api/auth/factors")).body.factors;
		expect({ recoveryCodes, passkeys }).toMatchObject({ recoveryCodes: 10 });
		expect(totp).not.toBeNull();
		expect((await back.get("/api/auth/passkeys")).body.passkeys).toHaveLength(1);
	});

	it("[A4] cannot be taken once more by the way back of a later change", async () => {
		const { auth } = await open();
		const thief = await signIn(auth, ada);
		await changeTo(auth, thief, thiefs.email);
		const owners = await undoLink(auth);
		auth.clock.advance({ minutes: 1 });
		await changeTo(auth, thief, thiefs.other);
		const thiefsOwn = await undoLink(auth, thiefs.email);
		auth.clock.advance({ minutes: 1 });
		const engine = await auth.engine();
		// The way back of a later change leads no further back than that, and the first one stays.
		expect(await undoEmailChange(engine, nowhere, thiefsOwn)).toEqual({ ok: true });
		expect(await undoEmailChange(engine, nowhere, owners)).toEqual({ ok: true });
		await resetByMail(auth, ada.email, newPassword);
		const owner = await signIn(auth, { email: ada.email, password: newPassword });

		await changeTo(auth, owner, thiefs.email);
		const first = await undoLink(auth);
		auth.clock.advance({ minutes: 1 });
		await changeTo(auth, owner, thiefs.other);
		const second = await undoLink(auth, thiefs.email);
		expect(await undoEmailChange(engine, nowhere, first)).toEqual({ ok: true });
		expect(await undoEmailChange(engine, nowhere, second)).toMatchObject({ code: "expired_link" });
		await resetByMail(auth, ada.email, newPassword);
		await signIn(auth, { email: ada.email, password: newPassword });
	});

	it("goes back also when somebody claims the old address, unless they have proven it", async () => {
		const { auth } = await open();
		const thief = await signIn(auth, ada);
		await changeTo(auth, thief, thiefs.email);
		const squatter = await signedUp(auth);
		const link = await undoLink(auth);
		expect(await undoEmailChange(await auth.engine(), nowhere, link)).toEqual({ ok: true });
		expect((await squatter.get("/api/auth/user")).body.user.email).toBeNull();
		await resetByMail(auth, ada.email, newPassword);

		const owner = await signIn(auth, { email: ada.email, password: newPassword });
		await changeTo(auth, owner, thiefs.email);
		const other = await signedUp(auth);
		await other.put(`${path}/${codeIn(await auth.mail("verify_email"))}`);
		const late = await undoLink(auth);
		expect(await undoEmailChange(await auth.engine(), nowhere, late)).toMatchObject({ code: "identifier_taken" });
		expect((await owner.get("/api/auth/user")).body.user.email).toBe(thiefs.email);
	});

	it("[A23] is taken back once by 16 who use the link at once", async () => {
		const { auth } = await open();
		await changeTo(auth, await signIn(auth, ada), thiefs.email);
		const link = await undoLink(auth);
		const engine = await auth.engine();
		const undone = await Promise.all(Array.from({ length: 16 }, () => undoEmailChange(engine, nowhere, link)));
		expect(undone.filter(({ ok }) => ok)).toHaveLength(1);
		const told = (await auth.mails()).filter(({ subject }) => subject.startsWith("The change of your address"));
		expect(told).toHaveLength(1);
	});

	it("is not deleted because the thief asked for it", async () => {
		const { auth } = await open();
		const thief = await signIn(auth, ada);
		await changeTo(auth, thief, thiefs.email);
		const link = await undoLink(auth);
		expect((await thief.delete("/api/auth/user")).status).toBe(200);
		expect(await undoEmailChange(await auth.engine(), nowhere, link)).toEqual({ ok: true });
		const { storage } = await auth.engine();
		auth.clock.advance({ days: 8 });
		expect(await storage.listDueDeletions(9)).toEqual([]);
	});
});

it("[A4] what a thief adds before the message of a change is even sent goes with the change", async () => {
	const auth = openMailAuth({ methods: [password(), emailCode(), passkey()] });
	const owner = await signedUp(auth);
	await owner.put(`${path}/${codeIn(await auth.mail("verify_email"))}`);
	const thief = await signIn(auth, ada);
	await thief.post(path, { email: thiefs.email });
	const code = codeIn(await auth.mail("change_email"));
	const { sender } = await auth.engine();
	const claimed = holdBack(auth);
	await thief.put(`${path}/${code}`);
	auth.clock.advance({ minutes: 5 });
	const key = new TestAuthenticator();
	expect((await withPasskey(thief, key)).status).toBe(201);
	auth.clock.advance({ days: 2 });
	expect((await auth.mails()).map(({ kind }) => kind)).not.toContain("email_changed");
	await (await claimed)();
	await sender.flush();
	expect(await undoEmailChange(await auth.engine(), nowhere, await undoLink(auth))).toEqual({ ok: true });
	const browser = auth.browser();
	const credential = await assertion(browser, key, "sign-in");
	expect((await browser.post("/api/auth", { credential })).body.code).toBe("unknown_passkey");
});

const nowhere = {
	headers: new Headers(),
	address: null,
	userAgent: null,
	arrivedAgoMs: 0,
	kind: "fetch",
	url: null,
} as const;

/** Claims nothing from the outbox until it is let go again. */
async function holdBack(auth: MailAuth): Promise<() => Promise<void>> {
	const engine = await auth.engine();
	const { storage } = engine;
	Object.assign(engine, { storage: { ...storage, claimMails: async () => [] } });
	return async () => {
		Object.assign(engine, { storage });
	};
}

async function signIn(auth: MailAuth, { email, password }: { email: string; password: string }): Promise<TestBrowser> {
	const browser = auth.browser();
	expect((await browser.post("/api/auth", { email, password })).status).toBe(200);
	return browser;
}

async function changeTo(auth: MailAuth, browser: TestBrowser, email: string): Promise<void> {
	expect((await browser.post(path, { email })).status).toBe(202);
	const { status } = await browser.put(`${path}/${codeIn(await auth.mail("change_email"))}`);
	expect(status).toBe(200);
}

/** Of the newest message that tells of a change. */
async function undoLink(auth: MailAuth, to = ada.email): Promise<string> {
	const mail = (await auth.mails()).find(({ kind, to: recipient }) => kind === "email_changed" && recipient === to);
	return tokenIn(mail!);
}
