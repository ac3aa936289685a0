import pg from "pg";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { ada, from, openTestAuth, signedUp, type TestAuth } from "../../../../test/harness.ts";
import { installArrivalStamp } from "../../http/arrival.ts";
import { type CountingPool, countStatements } from "./fixtures/counting-pool.ts";
import { freshName, inSchema, sharedServer } from "./fixtures/postgres-contract-store.ts";

installArrivalStamp();

describe("the engine on PostgreSQL", () => {
	it("does everything with AUTH_DATABASE_URL alone", async () => {
		const auth = openTestAuth({ database: await freshDatabase() });
		const phone = await signedUp(auth);
		expect((await phone.get("/api/auth")).body).toMatchObject({ authenticated: true, user: { email: ada.email } });
		const laptop = auth.browser();
		expect(await laptop.post("/api/auth", { identifier: "ADA@example.com", password: "wrong" })).toMatchObject({
			status: 401,
			body: { code: "invalid_credentials" },
		});
		expect((await laptop.post("/api/auth", { identifier: ada.email, password: ada.password })).status).toBe(200);
		expect((await auth.browser().post("/api/auth/sign-up", ada)).body).toMatchObject({ code: "identifier_taken" });

		auth.clock.advance({ minutes: 16 });
		await phone.get("/api/auth/sessions");
		await auth.settled();
		auth.clock.advance({ minutes: 1 });
		expect((await phone.post("/api/auth/refresh")).body).toMatchObject({ message: "Refreshed" });
		expect((await phone.get("/api/auth/sessions")).body.sessions).toHaveLength(2);

		expect((await phone.patch("/api/auth/user", { name: "Countess" })).body).toMatchObject({
			user: { name: "Countess" },
		});
		expect((await laptop.get("/api/auth")).body).toMatchObject({ user: { name: "Countess" } });
		expect((await phone.delete("/api/auth/sessions")).body).toMatchObject({ ended: 1 });
		expect((await laptop.get("/api/auth")).body).toMatchObject({ authenticated: false });

		const newPassword = "another horse battery";
		const changed = await phone.put("/api/auth/password", { currentPassword: ada.password, newPassword });
		expect(changed.status).toBe(200);
		expect((await phone.get("/api/auth/events")).body.events.length).toBeGreaterThan(4);
		expect((await phone.get("/api/auth/user/export")).body).toMatchObject({ user: { name: "Countess" } });
		expect((await phone.delete("/api/auth/user")).status).toBe(200);
		expect((await phone.get("/api/auth")).body).toMatchObject({ authenticated: false });
		const gone = await auth.browser().post("/api/auth", { identifier: ada.email, password: newPassword });
		expect(gone.body).toMatchObject({ code: "invalid_credentials" });
	});

	it("answers the health check", async () => {
		const auth = openTestAuth({ database: await freshDatabase() });
		expect((await auth.browser().get("/api/auth/health")).body).toMatchObject({ ready: true });
	});
});

describe("round trips to PostgreSQL", () => {
	let auth: TestAuth;
	let pool: CountingPool;

	async function open(): Promise<void> {
		const schema = freshName();
		const own = new pg.Pool({ connectionString: await sharedServer() });
		onTestFinished(async () => {
			await auth.close();
			await own.end();
		});
		pool = countStatements(own, schema);
		auth = openTestAuth({ database: { pool, schema } });
		await auth.open();
	}

	async function tripsOf(call: () => Promise<unknown>): Promise<number> {
		pool.statements.length = 0;
		await call();
		return pool.statements.length;
	}

	afterEach(() => auth.close());

	it("are 2 for a sign-up and 2 for a sign-in", async () => {
		await open();
		const address = from("203.0.113.7");
		expect(await tripsOf(() => auth.browser({ headers: address }).post("/api/auth/sign-up", ada))).toBe(2);
		const signIn = { identifier: ada.email, password: ada.password };
		expect(await tripsOf(() => auth.browser({ headers: address }).post("/api/auth", signIn))).toBe(2);
	});

	it("are 1 for the first check of a session, and none from then on", async () => {
		await open();
		const browser = await signedUp(auth);
		expect(await tripsOf(() => browser.get("/api/auth"))).toBe(1);
		await vi.waitUntil(async () => (await tripsOf(() => browser.get("/api/auth"))) === 0, { timeout: 20_000 });
		const answers = await Promise.all(Array.from({ length: 20 }, () => browser.get("/api/auth")));
		expect(answers.every(({ body }) => body.authenticated)).toBe(true);
	});
});

/** The URL of an empty schema. */
async function freshDatabase(): Promise<string> {
	return inSchema(await sharedServer(), freshName());
}
