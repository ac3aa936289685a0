import { describe, expect, it } from "vitest";
import { ada, signedUp } from "../../test/harness.ts";
import { countRows, openInstrumented } from "../../test/instruments.ts";

const password = "a password nobody guesses";

/** What one person may type for the same identifier. */
const spellings: Record<string, string[]> = {
	"ada@example.com": ["ADA@example.com", "ada@EXAMPLE.com", " ada@example.com", "ada@example.com\n"],
	"zo\u00e9@example.com": ["zoe\u0301@example.com", "ZO\u00c9@example.com", "ZOE\u0301@EXAMPLE.COM"],
	"ada@b\u00fccher.example": ["ada@xn--bcher-kva.example", "ada@B\u00dcCHER.example", "ada@bu\u0308cher.EXAMPLE"],
	adalovelace: ["AdaLovelace", "ADALOVELACE", " adalovelace "],
	"\u03bf\u03b4\u03cd\u03c3\u03c3\u03b5\u03b1\u03c2": ["\u039f\u0394\u03a5\u0301\u03a3\u03a3\u0395\u0391\u03a3"],
};

/** What only looks like `ada@skype.com` or would become it somewhere: in a database's collation or a mail system. */
const lookAlikes: Record<string, string> = {
	"the Kelvin sign": "ada@s\u212aype.com",
	"long s": "ada@\u017fkype.com",
	"a fullwidth letter": "\uff41da@skype.com",
	"a fullwidth @": "ada\uff20skype.com",
	"a small @": "ada\ufe6bskype.com",
	"a zero-width space": "ada\u200b@skype.com",
	"a zero-width joiner": "a\u200dda@skype.com",
	"a soft hyphen": "ada@sky\u00adpe.com",
	"a word joiner": "ada@skype\u2060.com",
	"a variation selector": "ada\ufe0f@skype.com",
	"an overridden direction": "\u202eada@skype.com",
	"a no-break space": "ada\u00a0@skype.com",
	"a mathematical letter": "\ud835\udc1ada@skype.com",
	"a ligature": "ada@skype.\ufb01",
	"an ideographic full stop": "ada@skype\u3002com",
	"a byte order mark": "\ufeffada@skype.com",
	"a null character": "ada\u0000@skype.com",
};

/** What two mail systems could read differently. */
const notOneAddress: Record<string, unknown> = {
	"a quoted local part": '"e@attacker.com"@skype.com',
	"two addresses": "ada@skype.com,eve@attacker.com",
	"two addresses with a semicolon": "ada@skype.com;eve@attacker.com",
	"a line break": "ada@skype.com\r\nBcc: eve@attacker.com",
	"a display name": "Ada <ada@skype.com>",
	"a comment": "ada(eve)@skype.com",
	"two @": "ada@skype.com@attacker.com",
	"an address literal": "ada@[127.0.0.1]",
	"a percent sign in the domain": "ada@skype%2ecom",
	"a slash in the domain": "ada@skype.com/attacker.com",
	"a route": "@attacker.com:ada@skype.com",
	"a list": ["ada@skype.com", "eve@attacker.com"],
	"an object": { toString: "ada@skype.com" },
	"a number": 1,
};

describe("two spellings of one identifier", () => {
	it.each(Object.entries(spellings))(
		"[A35] are one account at sign-up and at sign-in: %s",
		async (spelling, others) => {
			const auth = await openInstrumented();
			const field = spelling.includes("@") ? "email" : "username";
			expect((await auth.browser().post("/api/auth/sign-up", { [field]: spelling, password })).status).toBe(201);
			for (const other of others) {
				const taken = await auth.browser().post("/api/auth/sign-up", { [field]: other, password });
				expect(taken.body, other).toMatchObject({ code: "identifier_taken", fields: { [field]: "taken" } });
				const signedIn = await auth.browser().post("/api/auth", { identifier: other, password });
				expect(signedIn.status, other).toBe(200);
				// What was typed at sign-up is what stays and where mail goes, never what was typed now.
				expect(signedIn.body.user[field], other).toBe(spelling);
			}
			expect(countRows(auth, "latchkey_user")).toBe(1);
		},
	);
});

describe("what resembles somebody's address", () => {
	it.each(Object.entries(lookAlikes))("[A35] is refused at sign-up and signs nobody in: %s", async (_what, email) => {
		const auth = await openWithVictim();
		const signUp = await auth.browser().post("/api/auth/sign-up", { email, password });
		expect(signUp.status).toBe(422);
		expect(signUp.body.fields.email).toBeOneOf(["confusable", "invalid_email"]);
		for (const input of [{ identifier: email }, { email }, { username: email }]) {
			const answer = await auth.browser().post("/api/auth", { ...input, password });
			expect(answer.status).toBe(401);
		}
		expect(countRows(auth, "latchkey_user")).toBe(1);
	});

	it.each(Object.entries(notOneAddress))(
		"[A34] is refused when it is not one plain address: %s",
		async (_what, email) => {
			const auth = await openWithVictim();
			const signUp = await auth.browser().post("/api/auth/sign-up", { email, password });
			expect(signUp.status).toBe(422);
			expect(Object.keys(signUp.body.fields)).toEqual(["email"]);
			const answer = await auth.browser().post("/api/auth", { email, password });
			expect(answer.status).toBe(typeof email === "string" ? 401 : 422);
			expect(answer.headers.getSetCookie()).toEqual([]);
		},
	);

	it("[A35] is another account at most, when it is written in another alphabet or with other letters", async () => {
		const auth = await openWithVictim();
		for (const email of [
			"\u0430da@skype.com",
			"ad\u0430@skype.com",
			"ada@s\u043aype.com",
			"ada@skype.co",
			"ad\u00e4@skype.com",
		]) {
			expect((await auth.browser().post("/api/auth", { email, password })).status).toBe(401);
			const signUp = await auth.browser().post("/api/auth/sign-up", { email, password: "the attacker's own" });
			expect([201, 422]).toContain(signUp.status);
		}
		const victim = await auth.browser().post("/api/auth", { email: "ada@skype.com", password });
		expect(victim.body.user.email).toBe("ada@skype.com");
	});
});

describe("a user name", () => {
	it("[A35] can never be somebody's e-mail address, nor the other way round", async () => {
		const auth = await openWithVictim();
		const asName = await auth.browser().post("/api/auth/sign-up", { username: "ada@skype.com", password });
		expect(asName.body).toMatchObject({ code: "invalid_input", fields: { username: "invalid_username" } });
		const asAddress = await auth.browser().post("/api/auth/sign-up", { email: "ada", password });
		expect(asAddress.body).toMatchObject({ code: "invalid_input", fields: { email: "invalid_email" } });
		const browser = await signedUp(auth);
		const renamed = await browser.patch("/api/auth/user", { username: "ada@skype.com" });
		expect(renamed.body).toMatchObject({ code: "invalid_input", fields: { username: "invalid_username" } });
	});

	it("[A35] that mixes alphabets or hides characters is refused, also when it is changed", async () => {
		const auth = await openInstrumented();
		const browser = await signedUp(auth, { ...ada, username: "admin" });
		for (const username of [
			"\u0430dmin",
			"adm\u0131n\u200b",
			"\uff41dmin",
			"ad\u00admin",
			"admin\u202e",
			"\u2170dmin",
		]) {
			const answers = [
				await auth.browser().post("/api/auth/sign-up", { username, password }),
				await browser.patch("/api/auth/user", { username }),
			];
			for (const { status, body } of answers) {
				expect(status).toBe(422);
				expect(Object.keys(body.fields)).toEqual(["username"]);
			}
		}
	});
});

async function openWithVictim() {
	const auth = await openInstrumented();
	await signedUp(auth, { email: "ada@skype.com", password });
	return auth;
}
