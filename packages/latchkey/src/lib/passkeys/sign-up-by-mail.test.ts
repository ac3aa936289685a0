import { describe, expect, it } from "vitest";
import { assertion } from "../../../test/factors.ts";
import { ada } from "../../../test/harness.ts";
import { codeIn, type MailAuth, openMailAuth } from "../../../test/mail.ts";
import { password } from "../passwords/password.ts";
import { freshName, inSchema, sharedServer } from "../storage/postgres/fixtures/postgres-contract-store.ts";
import { TestAuthenticator } from "../testing/test-authenticator.ts";
import type { TestBrowser } from "../testing/test-browser.ts";
import { passkey } from "./passkey.ts";

const path = "/api/auth/sign-up/passkey";
const prove = (browser: TestBrowser, code: string) => browser.put(`/api/auth/email-verifications/${code}`);

const databases = {
	SQLite: async () => ({}),
	PostgreSQL: async () => ({ database: inSchema(await sharedServer(), freshName()) }),
};

describe.each(Object.entries(databases))(
	"a sign-up with a passkey whose address must be proven, on %s",
	(_name, database) => {
		async function open(): Promise<MailAuth> {
			const methods = [password(), passkey()];
			return openMailAuth({ methods, emailVerification: "required", ...(await database()) });
		}

		it("[A3] is finished by the code in the browser that asked, and the passkey signs in from then on", async () => {
			const auth = await open();
			const browser = auth.browser();
			const { authenticator, answer } = await signUp(browser, { email: ada.email, name: ada.name });
			expect(answer.status).toBe(202);
			const signIn = async () => {
				const other = auth.browser();
				const credential = await assertion(other, authenticator, "sign-in");
				return other.post("/api/auth", { credential });
			};
			// Before that there is nothing.
			expect((await signIn()).body.code).toBe("unknown_passkey");
			const code = codeIn(await auth.mail("sign_up_code"));
			expect((await prove(auth.browser(), code)).status).toBe(401);
			const made = await prove(browser, code);
			expect(made).toMatchObject({ status: 201, body: { user: { email: ada.email, emailVerified: true } } });
			expect(made.body.session).toMatchObject({ amr: ["swk", "user", "mfa"], level: "aal2" });
			expect((await signIn()).body.user.name).toBe(ada.name);
			// Whoever has just made the passkey is not told of it, but of its use on another device.
			const subjects = (await auth.mails()).map(({ subject }) => subject);
			expect(subjects).toEqual(["A sign-in on a new device – localhost", expect.stringContaining("is your code")]);
			expect((await prove(browser, code)).body.code).toBe("invalid_code");
		});

		it("[A20] [A21] is answered alike for an address that has an account, whose owner is told", async () => {
			const auth = await open();
			const first = auth.browser();
			await signUp(first, { email: ada.email });
			await prove(first, codeIn(await auth.mail("sign_up_code")));
			const known = (await signUp(auth.browser(), { email: ada.email })).answer;
			const unknown = (await signUp(auth.browser(), { email: "nobody@example.com" })).answer;
			expect(known).toMatchObject({ status: 202, body: unknown.body });
			const names = ({ headers }: typeof known) => [...headers].map(([name]) => name);
			expect(names(known)).toEqual(names(unknown));
			await auth.mail("already_registered");
			expect((await first.get("/api/auth/passkeys")).body.passkeys).toHaveLength(1);
		});

		it("[A24] gives one of those who sign up for an address at once the account", async () => {
			const auth = await open();
			const browsers = Array.from({ length: 4 }, () => auth.browser());
			const codes: string[] = [];
			for (const browser of browsers) {
				await signUp(browser, { email: ada.email });
				codes.push(codeIn(await auth.mail("sign_up_code")));
			}
			const answers = await Promise.all(browsers.map((browser, index) => prove(browser, codes[index]!)));
			expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409, 409, 409]);
		});

		it("asks for an address, lets a user name wait, and is counted by recipient", async () => {
			const auth = await open();
			const begin = (names: object) =>
				auth.browser().post("/api/auth/passkeys/challenges", { for: "sign-up", ...names });
			expect((await begin({ username: "ada" })).body.fields).toEqual({ email: "required" });
			expect((await begin({ email: ada.email, username: "ada" })).body.fields).toEqual({ username: "not_yet" });
			for (let time = 0; time < 5; time++) {
				expect((await signUp(auth.browser(), { email: ada.email })).answer.status).toBe(202);
			}
			expect((await signUp(auth.browser(), { email: ada.email })).answer.status).toBe(429);
		});
	},
);

async function signUp(browser: TestBrowser, names: object) {
	const { options } = (await browser.post("/api/auth/passkeys/challenges", { for: "sign-up", ...names })).body;
	const authenticator = new TestAuthenticator();
	const answer = await browser.post(path, { credential: authenticator.create(options) });
	return { authenticator, answer };
}
