import { describe, expect, it } from "vitest";
import { adaThere, type FakePerson, type FakeProvider, startFakeProvider } from "../../../../test/fake-provider.ts";
import { ada, openTestAuth, signedUp, type TestAuth } from "../../../../test/harness.ts";
import { codeIn, withMails } from "../../../../test/mail.ts";
import { begin, comeBack, oidcAt, problemOf, signInAt } from "../../../../test/oauth-harness.ts";
import { password } from "../../passwords/password.ts";
import type { TestBrowser } from "../../testing/test-browser.ts";
import { asSuperuser, freshName, inSchema, sharedServer } from "./fixtures/postgres-contract-store.ts";

const mary: FakePerson = { sub: "mary-1", name: "Mary Somerville" };
const who = async (browser: TestBrowser) => (await browser.get("/api/auth")).body.user;
const connections = async (browser: TestBrowser) => (await browser.get("/api/auth/identities")).body.connections;

/** The engine with a provider, on a schema of its own. */
async function open(emailVerification: "off" | "required" = "off") {
	const schema = freshName();
	const fake = await startFakeProvider();
	const methods = [password(), oidcAt(fake)];
	const database = inSchema(await sharedServer(), schema);
	const auth = withMails(openTestAuth({ methods, database, emailVerification }));
	const query = (sql: string) => asSuperuser((client) => client.query(sql.replaceAll("{schema}", schema)));
	return { auth, fake, query };
}

// What `attacks/provider-*.test.ts` prove on SQLite, and the statements of PostgreSQL decide here.
describe("outside providers on PostgreSQL", () => {
	it("make an account at first sight, keep its tokens fresh, connect and disconnect", async () => {
		const { auth, fake } = await open();
		const browser = await signedUp(auth, { username: "ada", password: ada.password });
		const link = await browser.post("/api/auth/identities", { provider: "example" });
		const linked = await comeBack(browser, fake.authorize(link.body.authorizationUrl));
		expect(linked.headers.get("location")).toContain("done=connected");
		const [connection] = await connections(browser);
		auth.clock.advance({ hours: 2 });
		const again = auth.browser();
		await signInAt(fake, again);
		expect(await who(again)).toMatchObject({ username: "ada" });
		const headers = new Headers({ cookie: again.cookieHeader() });
		expect(await auth.readProviderToken({ headers }, "example")).toMatchObject({ ok: true });
		expect((await again.delete(`/api/auth/identities/${connection.id}`)).status).toBe(200);
		expect(await connections(again)).toEqual([]);
	});

	it("[A1] [A5] [A7] link by themselves only what both sides have proven", async () => {
		const { auth, fake, query } = await open();
		const owner = await signedUp(auth);
		const answers: (string | null)[] = [];
		const come = async (person: FakePerson) => answers.push(problemOf(await signInAt(fake, auth.browser(), person)));
		await come(adaThere);
		await come({ ...adaThere, email_verified: "true" });
		expect(answers).toEqual(["account_exists", "account_exists"]);
		await query("update {schema}.latchkey_identifier set verified_at = 1");
		await come({ ...adaThere, email_verified: false });
		await come(adaThere);
		expect(answers.slice(2)).toEqual(["account_exists", null]);
		expect(await connections(owner)).toHaveLength(1);
		// Identity is issuer and subject: another subject is another person.
		const other = auth.browser();
		await signInAt(fake, other, { ...adaThere, sub: "ada-2", email: "else@example.com" });
		expect((await who(other)).id).not.toBe((await who(owner)).id);
	});

	it("[A9] finish a connection in no other session than the one that began it", async () => {
		const { auth, fake } = await open();
		const attacker = await signedUp(auth);
		const victim = await signedUp(auth, { ...ada, email: "bob@example.com" });
		const url = (await attacker.post("/api/auth/identities", { provider: "example" })).body.authorizationUrl;
		const callback = fake.authorize(url);
		expect(problemOf(await comeBack(victim, callback))).toBe("sign_in_expired");
		for (const [name, value] of attacker.cookies) {
			if (name.startsWith("transaction-")) victim.cookies.set(name, value);
		}
		expect(problemOf(await comeBack(victim, callback))).toBe("other_session");
		expect([await connections(attacker), await connections(victim)]).toEqual([[], []]);
	});

	it("[A10] [A23] believe an answer once, of sixteen at once, and for ten minutes", async () => {
		const { auth, fake } = await open();
		const browser = auth.browser();
		const callback = fake.authorize(await begin(browser));
		const tabs = Array.from({ length: 16 }, () => {
			const tab = auth.browser();
			for (const [name, value] of browser.cookies) tab.cookies.set(name, value);
			return tab;
		});
		const problems = (await Promise.all(tabs.map((tab) => comeBack(tab, callback)))).map(problemOf);
		expect(problems.filter((problem) => problem === null)).toHaveLength(1);
		const late = fake.authorize(await begin(browser));
		auth.clock.advance({ minutes: 11 });
		expect(problemOf(await comeBack(browser, late))).toBe("sign_in_expired");
	});

	it("[A24] make one account of eight first sights at once", async () => {
		const { auth, fake, query } = await open();
		const browsers = Array.from({ length: 8 }, () => auth.browser());
		const problems = await Promise.all(browsers.map(async (browser) => problemOf(await signInAt(fake, browser))));
		expect(problems.filter((problem) => problem === null).length).toBeGreaterThan(0);
		expect((await query("select count(*)::int as count from {schema}.latchkey_user")).rows[0].count).toBe(1);
	});

	it("[A1] [A6] make an account with a typed address once it is proven, and one only", async () => {
		const { auth, fake, query } = await open("required");
		const browser = auth.browser();
		await signInAt(fake, browser, mary);
		expect((await browser.post("/api/auth/pending-sign-up", { email: "mary@example.com" })).status).toBe(202);
		const users = async () => (await query("select count(*)::int as count from {schema}.latchkey_user")).rows[0].count;
		expect(await users()).toBe(0);
		const code = codeIn(await auth.mail("sign_up_code"));
		const proofs = await Promise.all(
			Array.from({ length: 5 }, () => browser.put(`/api/auth/email-verifications/${code}`)),
		);
		expect(proofs.filter(({ status }) => status === 201)).toHaveLength(1);
		expect(await users()).toBe(1);
		expect(await who(browser)).toMatchObject({ email: "mary@example.com", emailVerified: true });
	});

	it("[A45] end the sessions of whoever signs out there", async () => {
		const { auth, fake } = await open();
		const browser = auth.browser();
		await signInAt(fake, browser);
		const elsewhere = auth.browser();
		await signInAt(fake, elsewhere, { ...adaThere, sub: "bob-1", email: "bob@example.com" });
		expect((await sendLogout(auth, await logoutToken(fake))).status).toBe(200);
		expect([await who(browser), (await who(elsewhere)).name]).toEqual([null, "Ada Lovelace"]);
	});

	it("[A23] [A45] believe a sign-out there again when the store failed on the way, and else once", async () => {
		const { auth, fake, query } = await open();
		const browser = auth.browser();
		await signInAt(fake, browser);
		const token = await logoutToken(fake);
		// Whatever came before the first session was to be ended is undone with it.
		await query(`create function {schema}.break() returns trigger language plpgsql as $$ begin raise 'broken'; end $$`);
		await query(`create trigger broken before update of ended_at on {schema}.latchkey_session
			for each row execute function {schema}.break()`);
		expect((await sendLogout(auth, token)).status).toBe(500);
		expect(await who(browser)).not.toBeNull();
		await query("drop trigger broken on {schema}.latchkey_session");
		const answers = await Promise.all(Array.from({ length: 16 }, () => sendLogout(auth, token)));
		expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
		expect(answers.filter(({ body }) => body.code === "invalid_logout_token")).toHaveLength(15);
		expect(await who(browser)).toBeNull();
		await signInAt(fake, browser);
		expect((await sendLogout(auth, token)).body.code).toBe("invalid_logout_token");
		expect(await who(browser)).not.toBeNull();
	});
});

function logoutToken(fake: FakeProvider): Promise<string> {
	const iat = Math.floor(Date.now() / 1000);
	const events = { "http://schemas.openid.net/event/backchannel-logout": {} };
	return fake.sign({ iss: fake.issuer, aud: "client-1", sub: adaThere.sub, iat, jti: "1", events });
}

function sendLogout(auth: TestAuth, token: string) {
	const form = { "content-type": "application/x-www-form-urlencoded" };
	return auth.browser().post("/api/auth/oauth/example/backchannel-logout", `logout_token=${token}`, form);
}
