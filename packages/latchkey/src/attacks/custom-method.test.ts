import { describe, expect, it } from "vitest";
import * as z from "zod";
import { ada, from, signedUp } from "../../test/harness.ts";
import { countRows, openInstrumented, rows } from "../../test/instruments.ts";
import { AuthError, method, password } from "../index.ts";
import { installArrivalStamp } from "../lib/http/arrival.ts";

installArrivalStamp();

const issuer = "https://cards.example";
const cards: Record<string, { pin: string; holder: string }> = {
	"1111": { pin: "1234", holder: "Ada Lovelace" },
	"2222": { pin: "5678", holder: "Charles Babbage" },
};

/** A way to sign in as an owner would write it: a card and its PIN, checked by somebody else. */
const card = () =>
	method({
		name: "card",
		input: z.object({ card: z.string().max(20), pin: z.string().max(8) }),
		amr: ["sc", "pin"],
		level: "aal2",
		account: ({ card }) => `card:${card}`,
		async verify({ card, pin }) {
			const known = cards[card];
			return known?.pin === pin ? { issuer, subject: card, name: known.holder } : null;
		},
	});

describe("a method that the owner wrote", () => {
	it("registers a subject at first sight and finds the same user from then on", async () => {
		const auth = await openInstrumented({ methods: [password(), card()] });
		const first = await auth.browser().post("/api/auth", { method: "card", card: "1111", pin: "1234" });
		const second = await auth.browser().post("/api/auth", { card: "1111", pin: "1234" });
		expect(first.body).toMatchObject({
			message: "Authenticated",
			user: { name: "Ada Lovelace", email: null, username: null },
			session: { amr: ["sc", "pin"], level: "aal2" },
		});
		expect(second.body.user).toEqual(first.body.user);
		const other = await auth.browser().post("/api/auth", { card: "2222", pin: "5678" });
		expect(other.body.user.id).not.toBe(first.body.user.id);
		expect(rows(auth, "SELECT issuer, subject FROM latchkey_identity ORDER BY subject")).toEqual([
			{ issuer, subject: "1111" },
			{ issuer, subject: "2222" },
		]);
	});

	it("[A24] makes one user of thirty-two first sights at once", async () => {
		const badge = method({ ...by("badge"), verify: async () => ({ issuer, subject: "1111" }) });
		const auth = await openInstrumented({ methods: [badge] });
		const answers = await Promise.all(
			Array.from({ length: 32 }, () => auth.browser().post("/api/auth", { method: "badge" })),
		);
		for (const { status } of answers) expect(status).toBe(200);
		expect(new Set(answers.map(({ body }) => body.user.id)).size).toBe(1);
		expect(countRows(auth, "latchkey_user")).toBe(1);
		expect(countRows(auth, "latchkey_identity")).toBe(1);
		expect(countRows(auth, "latchkey_session")).toBe(32);
		const events = rows(auth, "SELECT type FROM latchkey_audit_event WHERE type = 'user.signed_up'");
		expect(events).toHaveLength(1);
	});

	it("[ASVS 6.8.1] tells subjects of two issuers apart", async () => {
		const one = method({ ...by("one"), verify: async () => ({ issuer: "https://one.example", subject: "1" }) });
		const two = method({ ...by("two"), verify: async () => ({ issuer: "https://two.example", subject: "1" }) });
		const auth = await openInstrumented({ methods: [one, two] });
		const first = await auth.browser().post("/api/auth", { method: "one" });
		const second = await auth.browser().post("/api/auth", { method: "two" });
		expect(first.body.user.id).not.toBe(second.body.user.id);
	});

	it("[A22] is throttled as passwords are, each account by itself", async () => {
		let asked = 0;
		const counting = method({
			name: "card",
			input: z.object({ card: z.string(), pin: z.string() }),
			amr: ["sc"],
			account: ({ card }) => `card:${card}`,
			verify: async () => {
				asked += 1;
				return null;
			},
		});
		const auth = await openInstrumented({ methods: [counting] });
		const answers = await Promise.all(
			Array.from({ length: 100 }, (_, pin) => auth.browser().post("/api/auth", { card: "1111", pin: String(pin) })),
		);
		expect(asked).toBe(10);
		expect(answers.filter(({ status }) => status === 401)).toHaveLength(10);
		for (const { headers } of answers.filter(({ status }) => status === 429)) {
			expect(headers.get("retry-after")).toBe("30");
		}
		expect((await auth.browser().post("/api/auth", { card: "2222", pin: "0000" })).status).toBe(401);
	});

	it("[A22] that names no account is throttled by address", async () => {
		let asked = 0;
		const anonymous = method({
			...by("anonymous"),
			verify: async () => {
				asked += 1;
				return null;
			},
		});
		const auth = await openInstrumented({ methods: [anonymous] });
		const answers = [];
		for (let guess = 0; guess < 120; guess++) {
			const browser = auth.browser({ headers: from(guess < 110 ? "203.0.113.7" : "203.0.113.8") });
			answers.push((await browser.post("/api/auth", { method: "anonymous" })).status);
		}
		expect(answers.filter((status) => status === 429)).toHaveLength(10);
		expect(answers.slice(110)).toEqual(Array<number>(10).fill(401));
		expect(asked).toBe(110);
	});

	it("[ASVS 16.3.1] is in the audit log by its name, success and failure", async () => {
		const auth = await openInstrumented({ methods: [password(), card()] });
		const browser = auth.browser();
		await browser.post("/api/auth", { card: "1111", pin: "wrong" });
		await browser.post("/api/auth", { card: "1111", pin: "1234" });
		await browser.delete("/api/auth");
		expect(rows(auth, "SELECT type, detail FROM latchkey_audit_event ORDER BY id")).toEqual([
			{ type: "sign_in.failed", detail: '{"method":"card"}' },
			{ type: "user.signed_up", detail: JSON.stringify({ issuer }) },
			{ type: "sign_in.succeeded", detail: '{"method":"card"}' },
			{ type: "session.ended", detail: null },
		]);
	});

	it("[A39] that throws denies, is logged, counts as an attempt, and tells nothing", async () => {
		const broken = method({
			...by("broken"),
			account: () => "somebody",
			verify: () => Promise.reject(new Error("ldap://10.1.2.3 refused the connection")),
		});
		const auth = await openInstrumented({ methods: [broken] });
		const browser = auth.browser();
		for (let attempt = 0; attempt < 10; attempt++) {
			const answer = await browser.post("/api/auth", { method: "broken" });
			expect(answer.status).toBe(500);
			expect(answer.body).toEqual({ error: "Something went wrong", code: "server_error" });
		}
		expect((await browser.post("/api/auth", { method: "broken" })).status).toBe(429);
		expect(browser.cookies.size).toBe(0);
		expect(countRows(auth, "latchkey_session")).toBe(0);
		expect(auth.logged.filter(({ level }) => level === "error")).toHaveLength(10);
		await expect(auth.signIn({ headers: new Headers() }, { method: "broken" })).resolves.toMatchObject({ ok: false });
	});

	it("[A39] that cannot reach its directory may say so", async () => {
		const away = method({
			...by("away"),
			verify: () => Promise.reject(new AuthError("store_unavailable", { retryAfterSeconds: 3 })),
		});
		const auth = await openInstrumented({ methods: [away] });
		const answer = await auth.browser().post("/api/auth", { method: "away" });
		expect(answer.status).toBe(503);
		expect(answer.headers.get("retry-after")).toBe("3");
		const result = await auth.signIn({ headers: new Headers() }, { method: "away" });
		expect(result).toEqual({ ok: false, code: "store_unavailable", retryAfterSeconds: 3 });
	});

	it("registers nobody while sign-up is closed, and still lets in whom it knows", async () => {
		const open = await openInstrumented({ methods: [card()] });
		await open.browser().post("/api/auth", { card: "1111", pin: "1234" });
		Object.assign(await open.engine(), { options: { ...(await open.engine()).options, signUp: "closed" } });
		expect((await open.browser().post("/api/auth", { card: "1111", pin: "1234" })).status).toBe(200);
		expect((await open.browser().post("/api/auth", { card: "2222", pin: "5678" })).status).toBe(401);
		expect(countRows(open, "latchkey_user")).toBe(1);
	});

	it("may use the accounts and passwords that are there", async () => {
		const partner = method({
			name: "partner",
			input: z.object({ who: z.string(), word: z.string() }),
			amr: ["pwd"],
			account: ({ who }) => who,
			async verify({ who, word }, tools) {
				const account = await tools.findAccount(who);
				return (await tools.checkPassword(account, word)) && account !== null ? account : null;
			},
		});
		const auth = await openInstrumented({ methods: [password(), partner] });
		await signedUp(auth);
		const signIn = (who: string, word: string) => auth.browser().post("/api/auth", { method: "partner", who, word });
		expect((await signIn(ada.email, ada.password)).body.user.email).toBe(ada.email);
		expect((await signIn(ada.email, "wrong")).status).toBe(401);
		expect((await signIn("nobody@example.com", ada.password)).status).toBe(401);
	});
});

describe("the method that a request names", () => {
	it("is the only one that is asked", async () => {
		const auth = await openInstrumented({ methods: [password(), card()] });
		await signedUp(auth);
		const both = { email: ada.email, password: ada.password, card: "1111", pin: "1234" };
		expect((await auth.browser().post("/api/auth", { ...both, method: "card" })).body.user.name).toBe("Ada Lovelace");
		expect((await auth.browser().post("/api/auth", { ...both, method: "password" })).body.user.email).toBe(ada.email);
		const missing = await auth
			.browser()
			.post("/api/auth", { method: "card", email: ada.email, password: ada.password });
		expect(missing.body).toMatchObject({ code: "invalid_input", fields: { card: "required", pin: "required" } });
		for (const unknown of ["ldap", "", 1, null, ["card"], "__proto__"]) {
			const answer = await auth.browser().post("/api/auth", { ...both, method: unknown });
			expect(answer.body).toMatchObject({ code: "invalid_input", fields: { method: "unknown" } });
		}
	});
});

function by(name: string) {
	return { name, input: z.object({}), amr: ["sc"], account: () => null };
}
