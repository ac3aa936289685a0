import { describe, expect, it } from "vitest";
import { ada, isSignedIn, signedUp } from "../../../test/harness.ts";
import { codeIn, type MailAuth, openMailAuth, tokenIn } from "../../../test/mail.ts";
import { AuthError } from "../errors.ts";
import type { TestBrowser } from "../testing/test-browser.ts";

const verifications = "/api/auth/email-verifications";
const thiefs = "thief@example.com";
const expired = { status: 410, body: { code: "expired_link" } };

async function verified(auth: MailAuth): Promise<TestBrowser> {
	const browser = await signedUp(auth);
	await browser.put(`${verifications}/${codeIn(await auth.mail("verify_email"))}`);
	return browser;
}

/** A thief has changed the address: the link that went to the old one. */
async function changed() {
	const auth = openMailAuth();
	const thief = await verified(auth);
	await thief.post(verifications, { email: thiefs });
	await thief.put(`${verifications}/${codeIn(await auth.mail("change_email"))}`);
	return { auth, thief, path: `/api/auth/undoings/${tokenIn(await auth.mail("email_changed"))}` };
}

describe("undoing by a mailed link over HTTP", () => {
	it("[A4] takes a change of address back, once, with the thief's sessions and the password", async () => {
		const { auth, thief, path } = await changed();
		const owner = auth.browser();
		const answer = await owner.put(path);
		expect(answer).toMatchObject({ status: 200, body: { message: "Your address is the one it was" } });
		expect([await isSignedIn(owner), await isSignedIn(thief)]).toEqual([false, false]);
		for (const email of [ada.email, thiefs]) {
			expect((await auth.browser().post("/api/auth", { email, password: ada.password })).status).toBe(401);
		}
		expect(await owner.put(path)).toMatchObject(expired);
		await owner.post("/api/auth/password-resets", { email: ada.email });
		const newPassword = "another horse staple";
		const reset = `/api/auth/password-resets/${tokenIn(await auth.mail("password_reset"))}`;
		expect((await owner.put(reset, { newPassword })).status).toBe(200);
		expect((await owner.post("/api/auth", { email: ada.email, password: newPassword })).status).toBe(200);
	});

	it("keeps an account that was to be deleted, and signs nobody in", async () => {
		const auth = openMailAuth();
		await (await verified(auth)).delete("/api/auth/user");
		const path = `/api/auth/undoings/${tokenIn(await auth.mail("deletion_requested"))}`;
		const browser = auth.browser();
		expect(await browser.put(path)).toMatchObject({ status: 200, body: { message: "The account stays" } });
		expect(await isSignedIn(browser)).toBe(false);
		expect(await browser.put(path)).toMatchObject(expired);
	});

	it("[A39] is not used up by a failure of the store, and keeps the account when it is back", async () => {
		const auth = openMailAuth();
		await (await verified(auth)).delete("/api/auth/user");
		const path = `/api/auth/undoings/${tokenIn(await auth.mail("deletion_requested"))}`;
		const { storage } = await auth.engine();
		const { undoDeletion } = storage;
		storage.undoDeletion = () => Promise.reject(new AuthError("store_unavailable"));
		expect((await auth.browser().put(path)).status).toBe(503);
		storage.undoDeletion = undoDeletion;
		const answers = await Promise.all(Array.from({ length: 16 }, () => auth.browser().put(path)));
		expect(answers.map(({ status }) => status).toSorted()).toEqual([200, ...Array(15).fill(410)]);
		const owner = auth.browser();
		await owner.post("/api/auth", { email: ada.email, password: ada.password });
		expect((await owner.get("/api/auth/user/deletion")).body).toEqual({ deletesAt: null });
	});

	it("is of one deletion, and keeps the account from none that is asked for later", async () => {
		const auth = openMailAuth();
		await (await verified(auth)).delete("/api/auth/user");
		const path = `/api/auth/undoings/${tokenIn(await auth.mail("deletion_requested"))}`;
		const browser = auth.browser();
		expect((await browser.put(path)).status).toBe(200);
		await auth.settled();
		await browser.post("/api/auth", { email: ada.email, password: ada.password });
		expect((await browser.delete("/api/auth/user")).status).toBe(200);
		expect(await auth.browser().put(path)).toMatchObject(expired);
	});

	it("[A23] is done by one of sixteen at once", async () => {
		const { auth, path } = await changed();
		const answers = await Promise.all(Array.from({ length: 16 }, () => auth.browser().put(path)));
		expect(answers.map(({ status }) => status).toSorted()).toEqual([200, ...Array(15).fill(410)]);
	});

	it("[A36] [A19] is nothing that a scanner or another site's page can do", async () => {
		const { auth, thief, path } = await changed();
		const stranger = auth.browser();
		for (const method of ["GET", "HEAD", "POST", "DELETE"]) {
			expect((await stranger.request(method, path)).status, method).toBe(405);
		}
		for (const site of ["cross-site", "same-site", "none"]) {
			const answer = await auth.browser({ headers: { "sec-fetch-site": site } }).put(path);
			expect(answer, site).toMatchObject({ status: 403, body: { code: "cross_origin" } });
		}
		expect(await isSignedIn(thief)).toBe(true);
		expect((await stranger.put(path)).status).toBe(200);
	});

	it("[A32] takes no link of another message, none that is late, and none that is none", async () => {
		const { auth, path } = await changed();
		await auth.browser().post("/api/auth/password-resets", { email: thiefs });
		const reset = tokenIn(await auth.mail("password_reset"));
		for (const token of [reset, "none", reset.slice(0, -1)]) {
			expect(await auth.browser().put(`/api/auth/undoings/${token}`), token).toMatchObject(expired);
		}
		auth.clock.advance({ days: 7 });
		expect(await auth.browser().put(path)).toMatchObject(expired);
	});

	it("says so when somebody else has proven the old address meanwhile", async () => {
		const { auth, path } = await changed();
		await verified(auth);
		expect(await auth.browser().put(path)).toMatchObject({ status: 409, body: { code: "identifier_taken" } });
	});
});
