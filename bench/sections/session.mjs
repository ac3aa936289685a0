/** Who sent this request, asked in process: our whole check beside `jose` alone, and the parts of ours. */
import { jwtVerify, SignJWT } from "jose";
import { deriveKeyRing } from "../../packages/latchkey/src/lib/crypto/keys.ts";
import { readVisitor } from "../../packages/latchkey/src/lib/http/visitor.ts";
import { toSession } from "../../packages/latchkey/src/lib/sessions/session.ts";
import { readSessionCookie } from "../../packages/latchkey/src/lib/sessions/session-cookie.ts";
import { SessionTokens } from "../../packages/latchkey/src/lib/sessions/session-token.ts";
import { get, openBenchAuth, signUp } from "../lib/engine.mjs";
import { secret } from "../lib/people.mjs";
import { median, ratio, takeTurns } from "../lib/statistics.mjs";

export const title = "A session check in process, warm, on a SQLite file";

const sliceMs = 50;
const callsAtOnce = 20;

export async function measure({ quick }) {
	const { auth, engine } = await openBenchAuth();
	const request = get("/", { cookie: await signUp(auth, "ada@example.com") });
	const token = readSessionCookie(request.headers, engine.settings);
	const { secretHash } = engine.tokens.read(token);
	const live = await engine.storage.readSession(secretHash);
	const keys = deriveKeyRing([secret], "session-token");
	const byHand = await checksByHand(token);

	const variants = {
		check: () => auth.readSession(request),
		again: () => auth.readSession(request),
		...byHand,
		cookie: () => readSessionCookie(request.headers, engine.settings),
		memo: () => engine.tokens.read(token),
		verify: () => new SessionTokens(keys, engine.settings.origin).read(token),
		visitor: () => readVisitor(request, 0),
		remembered: () => engine.storage.readSession(secretHash, live.session.generation),
		store: () => engine.storage.readSession(secretHash),
		session: () => toSession(engine, live),
	};
	for (const [name, work] of Object.entries(variants)) {
		if ((await work()) === null) throw new Error(`${name} does not know the session`);
	}
	await takeTurns(variants, 3, timeSlice);
	const slices = await takeTurns(variants, quick ? 8 : 24, timeSlice);
	await auth.close();
	return report(slices);
}

/** The least that somebody who uses `jose` writes: the cookie, the signature, no row. */
async function checksByHand(token) {
	const claims = JSON.parse(Buffer.from(token.split(".")[1], "base64url").toString());
	const bytes = new TextEncoder().encode(secret);
	const imported = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
	const jwt = await new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).sign(bytes);
	const { headers } = get("/", { cookie: `session=${jwt}` });
	const check = (key) => async () => {
		const cookie = /(?:^|; )session=([^;]+)/.exec(headers.get("cookie"))[1];
		return (await jwtVerify(cookie, key, { algorithms: ["HS256"] })).payload;
	};
	return { joseBytes: check(bytes), joseImported: check(imported) };
}

/** Microseconds per call, one call after the other: by the clock, and of CPU time on all threads. */
async function timeSlice(work) {
	const cpuBefore = process.cpuUsage();
	const begin = performance.now();
	let calls = 0;
	do {
		for (let call = 0; call < callsAtOnce; call++) {
			// What answers at once is not made to wait for the next turn of the loop.
			const result = work();
			if (result instanceof Promise) await result;
		}
		calls += callsAtOnce;
	} while (performance.now() < begin + sliceMs);
	const clock = ((performance.now() - begin) * 1000) / calls;
	const { user, system } = process.cpuUsage(cpuBefore);
	return { clock, cpu: (user + system) / calls };
}

function report(slices) {
	const series = (name, key) => slices[name].map((slice) => slice[key]);
	const row = (what, name, key, [against, other] = []) => ({
		what,
		figure: `${median(series(name, key)).toFixed(2)} µs`,
		...(against !== undefined && { against, ratio: ratio(series(name, key), series(other, key)) }),
	});
	const bytes = ["jose, key as bytes", "joseBytes"];
	const imported = ["jose, key imported once", "joseImported"];
	const part = (what, name) => row(`  ${what}`, name, "cpu", ["the check", "check"]);
	return {
		rows: [
			{ ...row("session check (readSession)", "check", "clock", bytes), budget: { most: 1 / 7 } },
			row("the same", "check", "clock", imported),
			row("the same once more", "again", "clock", ["itself", "check"]),
			row("jose, key as bytes, as its documentation has it", "joseBytes", "clock"),
			row("jose, key imported once", "joseImported", "clock"),
			{ ...row("CPU time: session check", "check", "cpu", bytes), budget: { most: 1 / 7 } },
			row("the same", "check", "cpu", imported),
			row("jose, key as bytes", "joseBytes", "cpu"),
			row("jose, key imported once", "joseImported", "cpu"),
			{ what: "CPU time of the parts of a check", figure: "" },
			part("visitor (address, arrival)", "visitor"),
			part("cookie parse", "cookie"),
			part("token, from the memo", "memo"),
			part("store, from memory", "remembered"),
			part("session object", "session"),
			part("not in it when warm: token, verified anew", "verify"),
			part("nor: the row", "store"),
		],
		notes: ["For scale, on another machine: Better Auth 493 µs by the clock, jose 90 µs. No peer runs here but jose."],
	};
}
