import { describe, expect, it } from "vitest";
import { ada, from, signedUp } from "../../test/harness.ts";
import { countRows, type InstrumentedAuth, openInstrumented, rows } from "../../test/instruments.ts";
import { installArrivalStamp } from "../lib/http/arrival.ts";

installArrivalStamp();

const signInAsAda = { email: ada.email, password: ada.password };
const newPassword = "another horse staple";
const change = { currentPassword: ada.password, newPassword };

describe("a password change", () => {
	it("[ASVS 6.2.2] [ASVS 7.4.3] ends every other session, renews this one, and only the new password signs in", async () => {
		const auth = await openInstrumented();
		const browser = await signedUp(auth);
		const phone = auth.browser();
		await phone.post("/api/auth", signInAsAda);
		auth.clock.advance({ minutes: 30 });
		const answer = await browser.put("/api/auth/password", change);
		expect(answer).toMatchObject({ status: 200, body: { message: "Password changed", user: { email: ada.email } } });
		expect(answer.body.session.authenticatedAt).toBe("2026-01-01T00:30:00.000Z");
		expect((await browser.get("/api/auth")).body.authenticated).toBe(true);
		expect((await phone.get("/api/auth")).body.authenticated).toBe(false);
		expect((await auth.browser().post("/api/auth", signInAsAda)).status).toBe(401);
		expect((await auth.browser().post("/api/auth", { ...signInAsAda, password: newPassword })).status).toBe(200);
	});

	it("[ASVS 6.2.3] asks for the present one, and without it changes nothing", async () => {
		const auth = await openInstrumented();
		const browser = await signedUp(auth);
		const [before] = rows(auth, "SELECT sealed, version FROM latchkey_password");
		const wrong = [
			{ newPassword },
			{ currentPassword: "", newPassword },
			{ currentPassword: "wrong", newPassword },
			{ currentPassword: newPassword, newPassword },
			{ currentPassword: `${ada.password} `, newPassword },
			{ currentPassword: ada.password.toUpperCase(), newPassword },
		];
		for (const body of wrong) expect([401, 422]).toContain((await browser.put("/api/auth/password", body)).status);
		expect(rows(auth, "SELECT sealed, version FROM latchkey_password")).toEqual([before]);
		expect((await browser.get("/api/auth")).body.authenticated).toBe(true);
		expect((await auth.browser().post("/api/auth", signInAsAda)).status).toBe(200);
	});

	it("holds the new one to the same rules as at sign-up", async () => {
		const auth = await openInstrumented();
		const browser = await signedUp(auth);
		const reasons: Record<string, string> = {
			"short 1": "too_short",
			password1: "common",
			"ada@example.com": "context",
			"Ada Lovelace 1": "context",
			["x".repeat(257)]: "too_long",
		};
		for (const [refused, reason] of Object.entries(reasons)) {
			const { body } = await browser.put("/api/auth/password", { ...change, newPassword: refused });
			expect(body).toMatchObject({ code: "invalid_input", fields: { newPassword: reason } });
		}
	});

	it("[ASVS 6.2.8] [ASVS 6.2.9] takes a password as it is, whole, up to 256 characters", async () => {
		const auth = await openInstrumented();
		const browser = await signedUp(auth);
		const ideographs = Array.from({ length: 252 }, (_, index) => String.fromCodePoint(0x4e00 + 7 * index));
		const long = `\u{1f511}\u00e9 x${ideographs.join("")}`;
		expect([...long]).toHaveLength(256);
		expect((await browser.put("/api/auth/password", { ...change, newPassword: long })).status).toBe(200);
		const others = [long.slice(0, -1), `${long}x`, long.toUpperCase(), `${long} `, long.slice(0, 72)];
		const statuses = [];
		for (const password of [...others, long.normalize("NFD")]) {
			statuses.push((await auth.browser().post("/api/auth", { ...signInAsAda, password })).status);
		}
		expect(statuses).toEqual([401, 401, 401, 401, 401, 200]);
	});
});

describe("the deletion of an account", () => {
	it("asks for a proof of the last ten minutes", async () => {
		const auth = await openInstrumented();
		const browser = await signedUp(auth);
		auth.clock.advance({ minutes: 10, seconds: 1 });
		const refused = await browser.delete("/api/auth/user");
		expect(refused).toMatchObject({ status: 403, body: { code: "reauthentication_required" } });
		expect((await browser.post("/api/auth/refresh")).status).toBe(200);
		expect((await browser.delete("/api/auth/user")).status).toBe(403);
		expect((await browser.post("/api/auth/reauthentication", { password: "wrong" })).status).toBe(401);
		expect((await browser.delete("/api/auth/user")).status).toBe(403);
		expect(countRows(auth, "latchkey_user")).toBe(1);

		const proven = await browser.post("/api/auth/reauthentication", { password: ada.password });
		expect(proven.body.message).toBe("Reauthenticated");
		auth.clock.advance({ minutes: 10 });
		const deleted = await browser.delete("/api/auth/user");
		expect(deleted.body).toEqual({ message: "Account deleted", deletesAt: null });
		expect(browser.cookies.has("session")).toBe(false);
	});

	it("[ASVS 7.4.2] leaves no session, no way to sign in, and the identifiers to whoever comes next", async () => {
		const auth = await openInstrumented();
		const browser = await signedUp(auth, { ...ada, username: "ada" });
		const phone = auth.browser();
		await phone.post("/api/auth", signInAsAda);
		await browser.delete("/api/auth/user");
		expect((await phone.get("/api/auth")).body.authenticated).toBe(false);
		for (const identifier of [ada.email, "ada"]) {
			expect((await auth.browser().post("/api/auth", { identifier, password: ada.password })).status).toBe(401);
		}
		for (const table of ["user", "identifier", "password", "identity", "session", "one_time_token"]) {
			expect(countRows(auth, `latchkey_${table}`), table).toBe(0);
		}
		const next = await signedUp(auth, { ...ada, username: "ada" });
		expect((await next.get("/api/auth/events")).body.events).toHaveLength(1);
	});

	it("keeps what happened in the audit log, under a pseudonym and without where it happened", async () => {
		const auth = await openInstrumented();
		const browser = auth.browser({ headers: from("203.0.113.7") });
		await browser.post("/api/auth/sign-up", ada);
		const { user } = (await browser.get("/api/auth")).body;
		await browser.post("/api/auth", { ...signInAsAda, password: "wrong" });
		await browser.delete("/api/auth/user");
		const events = rows(auth, "SELECT * FROM latchkey_audit_event ORDER BY id");
		expect(events.map(({ type }) => type)).toEqual(["user.signed_up", "sign_in.failed", "user.deleted"]);
		for (const { subject, session_id, address, user_agent, detail } of events) {
			expect(subject).toBe(events[0]!.subject);
			expect([session_id, address, user_agent, detail]).toEqual([null, null, null, null]);
		}
		const pseudonym = String(events[0]!.subject);
		expect(pseudonym).toMatch(/^[\w-]{32}$/);
		const remains = JSON.stringify(rows(auth, "SELECT * FROM latchkey_audit_event"));
		for (const trace of [user.id, ada.email, "Ada", "203.0.113.7", "TestBrowser"]) expect(remains).not.toContain(trace);
	});
});

describe("the export of an account", () => {
	it("holds every row about the person, and nothing of anybody else", async () => {
		const auth = await openInstrumented();
		const browser = await signedUp(auth, { ...ada, username: "ada" });
		await signedUp(auth, { email: "bob@example.com", password: "bob has another one", name: "Bob" });
		const { user } = (await browser.get("/api/auth")).body;
		await linkIdentity(auth, user.id);
		await browser.post("/api/auth", { ...signInAsAda, password: "wrong" });
		await browser.post("/api/auth", signInAsAda);
		await browser.patch("/api/auth/user", { name: "Countess" });

		const { status, headers, body } = await browser.get("/api/auth/user/export");
		expect(status).toBe(200);
		expect(headers.get("content-disposition")).toBe('attachment; filename="account.json"');
		expect(body.user).toMatchObject({ ...user, name: "Countess" });
		const of = (table: string, column = "user_id") =>
			rows(auth, `SELECT * FROM latchkey_${table} WHERE ${column} = '${user.id}'`).length;
		expect(body.identifiers.map(({ value }: { value: string }) => value)).toEqual([ada.email, "ada"]);
		expect(body.identifiers).toHaveLength(of("identifier"));
		expect(body.identities).toMatchObject([{ issuer: "https://issuer.example", subject: "1" }]);
		expect(body.sessions).toHaveLength(of("session"));
		expect(body.sessions).toHaveLength(2);
		// All but that this export was made, which was recorded after it.
		expect(body.events).toHaveLength(of("audit_event", "subject") - 1);
		expect(body.password).toEqual({ changedAt: "2026-01-01T00:00:00.000Z" });
		expect(JSON.stringify(body)).not.toContain("bob");
	});

	it("holds no hash, no key and no secret", async () => {
		const auth = await openInstrumented();
		const browser = await signedUp(auth);
		const text = JSON.stringify((await browser.get("/api/auth/user/export")).body);
		const [stored] = rows(auth, "SELECT sealed FROM latchkey_password");
		const [session] = rows(auth, "SELECT secret_hash FROM latchkey_session");
		const hash = Buffer.from(session!.secret_hash as Uint8Array);
		const secrets = [String(stored!.sealed), "argon2", browser.cookies.get("session")!, "secret", "epoch"];
		for (const encoding of ["hex", "base64", "base64url"] as const) secrets.push(hash.toString(encoding));
		for (const secret of secrets) expect(text).not.toContain(secret);
	});
});

describe("a change of the user", () => {
	it("keeps at least one identifier, and says when the user name is taken", async () => {
		const auth = await openInstrumented();
		await signedUp(auth, { email: "bob@example.com", username: "bob", password: "bob has another one" });
		const browser = await signedUp(auth, { username: "ada", password: ada.password });
		expect((await browser.patch("/api/auth/user", { username: null })).body).toMatchObject({
			code: "invalid_input",
			fields: { username: "required" },
		});
		expect((await browser.patch("/api/auth/user", { username: "BOB", name: "Bob" })).body).toMatchObject({
			code: "identifier_taken",
			fields: { username: "taken" },
		});
		const { user } = (await browser.patch("/api/auth/user", { username: "ADA", name: null })).body;
		expect(user).toMatchObject({ username: "ADA", name: null });
		expect((await browser.patch("/api/auth/user", {})).body.user).toEqual(user);
	});

	it("asks for a recent proof when the user name changes, and not when a form sends the present one along", async () => {
		const auth = await openInstrumented();
		const browser = await signedUp(auth, { ...ada, username: "ada" });
		const nameless = await signedUp(auth, { email: "bob@example.com", password: ada.password });
		auth.clock.advance({ minutes: 11 });
		for (const username of ["Ada", "countess", null]) {
			expect((await browser.patch("/api/auth/user", { name: "Countess", username })).status).toBe(403);
		}
		expect((await browser.get("/api/auth/user")).body.user.name).toBe(ada.name);
		for (let save = 0; save < 11; save++) {
			const { body } = await browser.patch("/api/auth/user", { name: `Countess ${save}`, username: "ada" });
			expect(body.user).toMatchObject({ name: `Countess ${save}`, username: "ada" });
		}
		expect((await nameless.patch("/api/auth/user", { name: "Bob", username: null })).body.user.name).toBe("Bob");
		const { events } = (await browser.get("/api/auth/events")).body;
		expect(events[0]).toMatchObject({ type: "user.updated", detail: { changed: ["name"] } });
	});

	it("is none, in the log too, when everything is what it was", async () => {
		const auth = await openInstrumented();
		const browser = await signedUp(auth, { ...ada, username: "ada" });
		auth.clock.advance({ minutes: 11 });
		const { user } = (await browser.get("/api/auth/user")).body;
		for (const body of [{}, { name: ada.name }, { username: "ada" }, { name: ada.name, username: "ada" }]) {
			for (let again = 0; again < 31; again++) {
				expect(await browser.patch("/api/auth/user", body)).toMatchObject({ status: 200, body: { user } });
			}
		}
		expect((await browser.get("/api/auth/events")).body.events).toHaveLength(1);
	});

	it("is made 30 times an hour at most, and 10 times of the user name", async () => {
		const auth = await openInstrumented();
		const browser = await signedUp(auth, { ...ada, username: "ada" });
		const statuses: number[] = [];
		const change = async (body: object) => statuses.push((await browser.patch("/api/auth/user", body)).status);
		for (let count = 0; count < 12; count++) await change({ username: `ada-${count}` });
		expect(statuses.splice(0)).toEqual([...Array<number>(10).fill(200), 429, 429]);
		for (let count = 0; count < 20; count++) await change({ name: `Ada ${count}` });
		// The two that were refused count as well.
		expect(statuses.splice(0)).toEqual([...Array<number>(18).fill(200), 429, 429]);
		expect((await browser.patch("/api/auth/user", { username: null })).body.code).toBe("too_many_attempts");
		expect((await browser.get("/api/auth/events")).body.events).toHaveLength(1 + 10 + 18);
		auth.clock.advance({ hours: 1 });
		await change({ name: "Countess" });
		expect(statuses).toEqual([200]);
	});
});

async function linkIdentity(auth: InstrumentedAuth, userId: string): Promise<void> {
	const { DatabaseSync } = await import("node:sqlite");
	const database = new DatabaseSync(auth.file);
	database
		.prepare(
			"INSERT INTO latchkey_identity (issuer, subject, user_id, created_at) VALUES ('https://issuer.example', '1', ?, 0)",
		)
		.run(userId);
	database.close();
}
