import { describe, expect, it } from "vitest";
import { ada, signedUp } from "../../../test/harness.ts";
import { countRows, rows } from "../../../test/instruments.ts";
import { codeIn, type MailAuth, openMailAuth, tokenIn } from "../../../test/mail.ts";
import type { TestBrowser } from "../../testing.ts";
import { deleteDueAccounts, keepAccountByLink } from "./deletion.ts";

const visitor = {
	headers: new Headers(),
	address: null,
	userAgent: null,
	arrivedAgoMs: 0,
	kind: "fetch",
	url: null,
} as const;

async function verified(auth: MailAuth): Promise<TestBrowser> {
	const browser = await signedUp(auth);
	await browser.put(`/api/auth/email-verifications/${codeIn(await auth.mail("verify_email"))}`);
	return browser;
}

async function carryOut(auth: MailAuth): Promise<number> {
	const { storage, pseudonyms } = await auth.engine();
	return deleteDueAccounts(storage, pseudonyms, 100);
}

describe("the deletion of an account with a proven address", () => {
	it("signs out at once, is told by mail, and comes after seven days with a last word", async () => {
		const auth = openMailAuth();
		const browser = await verified(auth);
		const answer = await browser.delete("/api/auth/user");
		expect(answer.body).toEqual({ message: "Account will be deleted", deletesAt: "2026-01-08T00:00:00.000Z" });
		expect((await browser.get("/api/auth")).body.authenticated).toBe(false);
		const told = await auth.mail("deletion_requested");
		expect(told.text).toContain("will be deleted on January 8, 2026");
		auth.clock.advance({ days: 7 });
		auth.clock.set(auth.clock() - 1);
		expect(await carryOut(auth)).toBe(0);
		auth.clock.advance({ seconds: 1 });
		expect(await carryOut(auth)).toBe(1);
		expect(countRows(auth, "latchkey_user")).toBe(0);
		expect(await auth.mail("user_deleted")).toMatchObject({ to: ada.email });
		expect(JSON.stringify(rows(auth, "SELECT * FROM latchkey_mail"))).not.toContain(ada.email);
		expect(JSON.stringify(rows(auth, "SELECT * FROM latchkey_audit_event"))).not.toContain(ada.email);
	});

	it("is undone by the link, once, or by whoever signs in", async () => {
		const auth = openMailAuth();
		const browser = await verified(auth);
		await browser.delete("/api/auth/user");
		const link = tokenIn(await auth.mail("deletion_requested"));
		const engine = await auth.engine();
		expect(await keepAccountByLink(engine, visitor, link)).toEqual({ ok: true });
		expect(await keepAccountByLink(engine, visitor, link)).toMatchObject({ code: "expired_link" });

		await browser.post("/api/auth", { email: ada.email, password: ada.password });
		expect((await browser.get("/api/auth/user/deletion")).body).toEqual({ deletesAt: null });
		await browser.delete("/api/auth/user");
		await browser.post("/api/auth", { email: ada.email, password: ada.password });
		expect((await browser.get("/api/auth/user/deletion")).body.deletesAt).toBe("2026-01-08T00:00:00.000Z");
		expect((await browser.delete("/api/auth/user/deletion")).status).toBe(200);
		expect((await browser.delete("/api/auth/user/deletion")).body.code).toBe("not_found");
		auth.clock.advance({ days: 8 });
		expect(await carryOut(auth)).toBe(0);
		expect(countRows(auth, "latchkey_user")).toBe(1);
	});
});

describe("the deletion of an account without a proven address", () => {
	it("comes at once: nobody could be told how to undo it", async () => {
		const auth = openMailAuth();
		const browser = await signedUp(auth);
		expect((await browser.delete("/api/auth/user")).body).toEqual({ message: "Account deleted", deletesAt: null });
		expect(countRows(auth, "latchkey_user")).toBe(0);
	});
});

describe("the export of an account", () => {
	it("is told by mail, once an hour", async () => {
		const auth = openMailAuth();
		const browser = await signedUp(auth);
		for (let times = 0; times < 3; times++) await browser.get("/api/auth/user/export");
		const told = (await auth.mails()).filter(({ subject }) => subject.includes("downloaded"));
		expect(told).toHaveLength(1);
	});
});
