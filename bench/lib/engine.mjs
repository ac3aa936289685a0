/** The library in this process, on a database of its own, and requests as a browser would send them. */
import { join } from "node:path";
import { createEngine } from "../../packages/latchkey/src/lib/auth.ts";
import { deriveKeyRing } from "../../packages/latchkey/src/lib/crypto/keys.ts";
import { Throttle } from "../../packages/latchkey/src/lib/http/throttle.ts";
import { password } from "../../packages/latchkey/src/lib/passwords/password.ts";
import { ActivityLog } from "../../packages/latchkey/src/lib/sessions/activity.ts";
import { openSqlite } from "../../packages/latchkey/src/lib/storage/sqlite/open-sqlite.ts";
import { goodPassword, secret } from "./people.mjs";
import { temporaryFolder } from "./workshop.mjs";

export const origin = "http://localhost:3000";

const browser = {
	accept: "*/*",
	"accept-language": "en-GB,en;q=0.9",
	"sec-fetch-site": "same-origin",
	"user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
};

/** An engine with an open SQLite file and these options. `onStatement` sees every statement. */
export async function openBenchAuth({ onStatement, ...options } = {}) {
	const file = join(temporaryFolder(), "auth.db");
	const auth = createEngine({ methods: [password()], url: origin, secret, database: `file:${file}`, ...options });
	const engine = await auth.engine();
	if (onStatement !== undefined) {
		await engine.storage.close();
		const storage = await openSqlite({ file, onStatement });
		const throttle = new Throttle(storage, deriveKeyRing(engine.settings.secrets, "throttle"));
		Object.assign(engine, { storage, throttle, activity: new ActivityLog(storage, engine.log) });
	}
	return { auth, engine };
}

export function get(path, headers = {}) {
	return new Request(new URL(path, origin), { headers: { ...browser, ...headers } });
}

export function send(method, path, body, headers = {}) {
	const all = { ...browser, ...(body !== undefined && { "content-type": "application/json" }), ...headers };
	return new Request(new URL(path, origin), { method, headers: all, body: JSON.stringify(body) });
}

/** Registers somebody and answers their cookie, as it goes into a `Cookie` header. */
export async function signUp(auth, email, headers) {
	const response = await auth.handle(send("POST", "/api/auth/sign-up", { email, password: goodPassword }, headers));
	return sessionCookie(await expectStatus(response, 201));
}

export async function expectStatus(response, status) {
	if (response.status === status) return response;
	throw new Error(`${response.status} instead of ${status}: ${await response.text()}`);
}

export function sessionCookie(response) {
	return response.headers.getSetCookie()[0].split(";")[0];
}
