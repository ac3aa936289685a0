import { describe, expect, it } from "vitest";
import * as z from "zod";
import { ada, openBeside, openTestAuth, signedUp } from "../../test/harness.ts";
import type { AuthOptions } from "../lib/options.ts";
import { passkey } from "../lib/passkeys/passkey.ts";
import { TestAuthenticator } from "../lib/testing/test-authenticator.ts";

const userFields = {
	company: { schema: z.string().max(100), editable: true },
	tags: { schema: z.array(z.string()), editable: true, default: ["new"] },
	plan: { schema: z.enum(["free", "paid"]), default: "free" },
} as const satisfies AuthOptions["userFields"];

const open = () => openTestAuth({ userFields });

describe("fields that people may not set themselves", () => {
	it("[ASVS 15.3.3] are not believed at sign-up, in the profile, or from trusted code on behalf of a visitor", async () => {
		const auth = open();
		const claims = {
			plan: "paid",
			fields: { plan: "paid" },
			epoch: 9,
			emailVerified: true,
			__proto__: { plan: "paid" },
		};
		const browser = auth.browser();
		const signUp = await browser.post("/api/auth/sign-up", { ...ada, ...claims, company: "Analytical" });
		expect(signUp).toMatchObject({
			status: 201,
			body: { user: { plan: "free", company: "Analytical", emailVerified: false } },
		});
		const changed = await browser.patch("/api/auth/user", { ...claims, tags: ["a"] });
		expect(changed).toMatchObject({
			status: 200,
			body: { user: { plan: "free", company: "Analytical", tags: ["a"] } },
		});
		const headers = new Headers({ "sec-fetch-site": "same-origin" });
		const bob = await auth.signUp({ headers }, { ...claims, username: "bob", password: "bob has another one" });
		expect(bob).toMatchObject({ ok: true, session: { user: { plan: "free", company: null } } });
	});

	it("are set by trusted code, at once for every session", async () => {
		const auth = open();
		const browser = await signedUp(auth, { ...ada, company: "Analytical" });
		const { id } = (await browser.get("/api/auth")).body.user;
		expect(await auth.updateUser(id, { fields: { plan: "paid" } })).toMatchObject({ ok: true, user: { plan: "paid" } });
		expect((await browser.get("/api/auth")).body.user).toMatchObject({ plan: "paid", company: "Analytical" });
		await auth.updateUser(id, { fields: { plan: null } });
		expect((await browser.get("/api/auth/user")).body.user).toMatchObject({ plan: "free" });
		expect(await auth.updateUser(id, { fields: { plan: "gold" } })).toMatchObject({
			ok: false,
			fields: { plan: "invalid" },
		});
		expect(await auth.updateUser(id, { fields: { role: "admin" } })).toMatchObject({
			ok: false,
			fields: { role: "unknown" },
		});
		expect(await auth.updateUser("nobody", { fields: {} })).toEqual({ ok: false, code: "not_found" });
	});
});

describe("fields of one's own", () => {
	it("are checked, emptied by null, and never more than 4 KB in all", async () => {
		const auth = open();
		const browser = await signedUp(auth, { ...ada, company: "Analytical" });
		expect(await browser.patch("/api/auth/user", { company: "x".repeat(101), name: 1 })).toMatchObject({
			status: 422,
			body: { fields: { company: "too_long", name: "wrong_type" } },
		});
		expect(await browser.patch("/api/auth/user", { tags: Array(500).fill("0123456789") })).toMatchObject({
			status: 422,
			body: { fields: { tags: "too_long" } },
		});
		expect((await browser.patch("/api/auth/user", { company: null })).body.user).toMatchObject({
			company: null,
			tags: ["new"],
		});
	});

	it("leave an event for what has changed of them, and none for nothing", async () => {
		const auth = open();
		const browser = await signedUp(auth, { ...ada, company: "Analytical", tags: ["a"] });
		const events = async () => (await browser.get("/api/auth/events")).body.events;
		const before = (await events()).length;
		expect((await browser.patch("/api/auth/user", { company: "Analytical", tags: ["a"] })).status).toBe(200);
		expect(await events()).toHaveLength(before);
		await browser.patch("/api/auth/user", { company: "Analytical", tags: ["b"] });
		expect(await events()).toHaveLength(before + 1);
		expect((await events())[0]).toMatchObject({ type: "user.updated", detail: { changed: ["tags"] } });
	});

	it("lose no change that was made at the same time", async () => {
		const auth = open();
		const browser = await signedUp(auth);
		const { id } = (await browser.get("/api/auth")).body.user;
		await Promise.all([
			browser.patch("/api/auth/user", { company: "Analytical" }),
			browser.patch("/api/auth/user", { tags: ["a"] }),
			auth.updateUser(id, { fields: { plan: "paid" } }),
		]);
		const { user } = (await browser.get("/api/auth")).body;
		expect(user).toMatchObject({ company: "Analytical", tags: ["a"], plan: "paid" });
	});

	it("read as not set when they no longer fit, and are exported as they are stored", async () => {
		const auth = open();
		const browser = await signedUp(auth, { ...ada, company: "Analytical", tags: ["a"] });
		const later = openBeside(auth, {
			userFields: { company: { schema: z.number() }, tags: { schema: z.number(), default: 1 } },
		});
		const now = later.browser();
		await now.post("/api/auth", { email: ada.email, password: ada.password });
		expect((await now.get("/api/auth")).body.user).toMatchObject({ company: null, tags: 1 });
		const { body } = await browser.get("/api/auth/user/export");
		expect(body).toMatchObject({ user: { company: "Analytical" }, fields: { company: "Analytical", tags: ["a"] } });
	});

	it("outlive the message that proves an address at sign-up", async () => {
		const auth = openTestAuth({ userFields, emailVerification: "required" });
		const browser = auth.browser();
		const answer = await browser.post("/api/auth/sign-up", { ...ada, company: "Analytical", plan: "paid" });
		expect(answer.status).toBe(202);
		const { sender, mailbox } = await auth.engine();
		sender.wake();
		await expect.poll(() => mailbox.list().length, { timeout: 10_000 }).toBe(1);
		const code = /\b\d{3} ?\d{3}\b/.exec(mailbox.list()[0]!.text)![0];
		const made = await browser.put(`/api/auth/email-verifications/${encodeURIComponent(code)}`);
		expect(made).toMatchObject({ status: 201, body: { user: { company: "Analytical", plan: "free" } } });
	});

	it("[ASVS 15.3.3] come with a passkey, checked before it is made", async () => {
		const browser = openTestAuth({ userFields, methods: [passkey()] }).browser();
		const asked = { for: "sign-up", email: ada.email, plan: "paid", fields: { plan: "paid" } };
		const refused = await browser.post("/api/auth/passkeys/challenges", { ...asked, company: "x".repeat(101) });
		expect(refused).toMatchObject({ status: 422, body: { fields: { company: "too_long" } } });
		const begun = await browser.post("/api/auth/passkeys/challenges", { ...asked, company: "Analytical" });
		const credential = new TestAuthenticator().create(begun.body.options);
		const made = await browser.post("/api/auth/sign-up/passkey", { credential, company: "Other", plan: "paid" });
		expect(made).toMatchObject({ status: 201, body: { user: { company: "Analytical", plan: "free" } } });
		expect((await browser.get("/api/auth")).body.user).toMatchObject({ company: "Analytical", plan: "free" });
	});

	it.each([
		[{ email: { schema: z.string() } }, /userFields\.email: choose another name/],
		[{ constructor: { schema: z.string() } }, /userFields\.constructor: choose another name/],
		[{ plan: { schema: z.string().optional() } }, /userFields\.plan: its schema must not take undefined/],
		[{ plan: { schema: z.enum(["free"]), default: "gold" } }, /userFields\.plan: its default does not fit/],
	])("are refused at start: %o", (wrong, cure) => {
		expect(() => openTestAuth({ userFields: wrong as never })).toThrow(cure);
	});
});
