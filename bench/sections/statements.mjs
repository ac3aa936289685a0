/** SQL statements per operation, BEGIN and COMMIT included. Counts, so they are the same on every machine. */
import { expectStatus, get, openBenchAuth, send, sessionCookie, signUp } from "../lib/engine.mjs";
import { goodPassword } from "../lib/people.mjs";

export const title = "Statements per operation on SQLite";

export async function measure() {
	// From a known address, so that the limits by address are on.
	const visitor = { "x-forwarded-for": "203.0.113.7" };
	const executed = [];
	const { auth, engine } = await openBenchAuth({ onStatement: (sql) => executed.push(sql), trustedProxies: 1 });
	const statementsOf = async (work) => {
		await engine.background.settled();
		executed.length = 0;
		const result = await work();
		return { result, count: executed.length };
	};
	const act = async (method, path, body, cookie, status = 200) => {
		const headers = { ...visitor, ...(cookie !== undefined && { cookie }) };
		return expectStatus(await auth.handle(send(method, path, body, headers)), status);
	};

	const ada = { email: "ada@example.com", password: goodPassword };
	const up = await statementsOf(() => signUp(auth, ada.email, visitor));
	const cookie = up.result;
	const first = await statementsOf(async () => {
		await auth.readSession(get("/", { ...visitor, cookie }));
		await engine.background.settled();
	});
	const check = await statementsOf(() => auth.readSession(get("/", { ...visitor, cookie })));
	const refresh = await statementsOf(() => act("POST", "/api/auth/refresh", undefined, cookie));
	const fresh = await statementsOf(() => act("POST", "/api/auth", ada));
	const again = await statementsOf(() => act("POST", "/api/auth", ada, cookie));
	const wrong = await statementsOf(() =>
		act("POST", "/api/auth", { ...ada, password: "wrong password" }, undefined, 401),
	);
	const out = await statementsOf(() => act("DELETE", "/api/auth", undefined, sessionCookie(again.result)));
	await auth.close();

	const row = (what, { count }, budget) => ({
		what,
		figure: String(count),
		...(budget !== undefined && { judged: count, budget: { most: budget } }),
	});
	return {
		rows: [
			row("session check", check, 1),
			row("the first check of a new session, with the note made after the answer", first),
			row("sign-in", fresh, 6),
			row("sign-in over a session that was there", again),
			row("sign-in with a wrong password", wrong),
			row("sign-up", up, 8),
			row("refresh, not due", refresh),
			row("sign-out", out),
		],
		notes: ["For scale: Better Auth 2 a check, 3 a sign-in, 6 a sign-up, 5 a sign-out, without limits and audit log."],
	};
}
