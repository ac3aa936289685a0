import { createHash, createHmac, type KeyObject } from "node:crypto";
import { describe, expect, it } from "vitest";
import { ada, signedUp, type TestAuth, testSecret } from "../../test/harness.ts";
import { claimsOf, type InstrumentedAuth, openInstrumented, rows } from "../../test/instruments.ts";
import { deriveKeyRing, type Key, type KeyPurpose } from "../lib/crypto/keys.ts";
import { seal } from "../lib/crypto/sealing.ts";

type Json = Record<string, unknown>;

const { id: kid, key } = keyOf("session-token");
const goodHeader = { alg: "HS256", typ: "latchkey-session+jwt", kid };

describe("a token that was made by hand with the true key", () => {
	it("is accepted if it is like ours in every detail, so that the refusals below have a reason", async () => {
		const { auth, claims } = await openWithToken();
		expect(await accepts(auth, forge(goodHeader, claims))).toBe(true);
		expect(await accepts(auth, forge({ kid, typ: goodHeader.typ, alg: "HS256" }, claims))).toBe(true);
	});

	const headers: readonly [what: string, header: Json][] = [
		["alg none", { ...goodHeader, alg: "none" }],
		["alg None", { ...goodHeader, alg: "None" }],
		["alg nOnE", { ...goodHeader, alg: "nOnE" }],
		["alg hs256", { ...goodHeader, alg: "hs256" }],
		["alg HS256 with a space", { ...goodHeader, alg: "HS256 " }],
		["alg RS256", { ...goodHeader, alg: "RS256" }],
		["alg HS512", { ...goodHeader, alg: "HS512" }],
		["no alg", { typ: goodHeader.typ, kid }],
		["alg in a list", { ...goodHeader, alg: ["HS256"] }],
		["an unknown kid", { ...goodHeader, kid: "AAAAAAAA" }],
		["no kid", { alg: "HS256", typ: goodHeader.typ }],
		["an empty kid", { ...goodHeader, kid: "" }],
		["kid as a path", { ...goodHeader, kid: "../../../dev/null" }],
		["kid as SQL", { ...goodHeader, kid: "' UNION SELECT 'key" }],
		["kid of Object.prototype", { ...goodHeader, kid: "__proto__" }],
		["kid in a list", { ...goodHeader, kid: [kid] }],
		["no typ", { alg: "HS256", kid }],
		["typ JWT", { ...goodHeader, typ: "JWT" }],
		["typ in capitals", { ...goodHeader, typ: goodHeader.typ.toUpperCase() }],
		["a typ of another kind of token", { ...goodHeader, typ: "logout+jwt" }],
		["jwk", { ...goodHeader, jwk: { kty: "oct", k: "AAAA" } }],
		["jku", { ...goodHeader, jku: "https://evil.example/keys" }],
		["x5u", { ...goodHeader, x5u: "https://evil.example/chain" }],
		["x5c", { ...goodHeader, x5c: ["AAAA"] }],
		["crit", { ...goodHeader, crit: ["exp"] }],
		["an empty crit", { ...goodHeader, crit: [] }],
		["zip", { ...goodHeader, zip: "DEF" }],
		["b64 false", { ...goodHeader, b64: false }],
		["a member that nobody knows", { ...goodHeader, x: 1 }],
		["__proto__", JSON.parse(`{"alg":"HS256","typ":"${goodHeader.typ}","kid":"${kid}","__proto__":{}}`)],
	];

	it.each(headers)("[A31] [ASVS 9.1.2] [ASVS 9.1.3] is refused for its header: %s", async (_what, header) => {
		const { auth, claims } = await openWithToken();
		expect(await accepts(auth, forge(header, claims))).toBe(false);
		expect(await accepts(auth, unsigned(header, claims))).toBe(false);
	});

	const changes: readonly [what: string, change: (claims: Json, auth: InstrumentedAuth) => Json][] = [
		["another issuer", (claims) => ({ ...claims, iss: "https://evil.example" })],
		["an issuer that begins like ours", (claims) => ({ ...claims, iss: `${claims.iss}/` })],
		["no issuer", ({ iss: _, ...claims }) => claims],
		["another audience", (claims) => ({ ...claims, aud: "somebody-else" })],
		["our audience among others", (claims) => ({ ...claims, aud: ["latchkey", "somebody-else"] })],
		["no audience", ({ aud: _, ...claims }) => claims],
		["another user", (claims) => ({ ...claims, sub: "01980000-0000-7000-8000-000000000000" })],
		["no user", ({ sub: _, ...claims }) => claims],
		["another secret", (claims) => ({ ...claims, sid: "AAAAAAAAAAAAAAAAAAAAAA" })],
		["a secret spelled with padding", (claims) => ({ ...claims, sid: `${claims.sid}==` })],
		["no secret", ({ sid: _, ...claims }) => claims],
		["the secret in a list", (claims) => ({ ...claims, sid: [claims.sid] })],
		["generation 0", (claims) => ({ ...claims, gen: 0 })],
		["a generation to come", (claims) => ({ ...claims, gen: 2 })],
		["a generation as text", (claims) => ({ ...claims, gen: "1" })],
		["half a generation", (claims) => ({ ...claims, gen: 1.5 })],
		["an exp that is past", (claims, { clock }) => ({ ...claims, exp: Math.floor(clock() / 1000) - 1 })],
		["an exp that is now", (claims, { clock }) => ({ ...claims, exp: Math.floor(clock() / 1000) })],
		["no exp", ({ exp: _, ...claims }) => claims],
		["exp as text", (claims) => ({ ...claims, exp: String(claims.exp) })],
		["an exp that no number holds exactly", (claims) => ({ ...claims, exp: 2 ** 53 })],
		["a role", (claims) => ({ ...claims, role: "admin" })],
	];

	it.each(changes)("[A31] [ASVS 9.2.1] [ASVS 9.2.3] is refused for its claims: %s", async (_what, change) => {
		const { auth, claims } = await openWithToken();
		expect(await accepts(auth, forge(goodHeader, change({ ...claims }, auth)))).toBe(false);
	});

	it.each(["null", "[]", '"text"', "1", "{", '{"a":1}{"b":2}', ""])(
		"[A31] is refused when its payload is %s",
		async (payload) => {
			const { auth } = await openWithToken();
			expect(await accepts(auth, sign(`${encode(JSON.stringify(goodHeader))}.${encode(payload)}`, key))).toBe(false);
		},
	);

	it("[A31] is refused under any other key that comes from the same secret", async () => {
		const { auth, claims } = await openWithToken();
		for (const purpose of ["password", "throttle", "pseudonym"] satisfies KeyPurpose[]) {
			const other = keyOf(purpose);
			expect(await accepts(auth, forge(goodHeader, claims, other.key)), purpose).toBe(false);
			expect(await accepts(auth, forge({ ...goodHeader, kid: other.id }, claims, other.key)), purpose).toBe(false);
		}
	});

	it("[A31] is refused under the secret itself, an empty key and a key of another secret", async () => {
		const { auth, claims } = await openWithToken();
		const other = deriveKeyRing(["another-secret-0123456789-abcdefghijklmnop"], "session-token").current;
		expect(await accepts(auth, forge(goodHeader, claims, other.key))).toBe(false);
		for (const text of [testSecret, "", kid]) expect(await accepts(auth, forge(goodHeader, claims, text))).toBe(false);
	});
});

describe("a token of ours that was changed", () => {
	it("[A31] [ASVS 9.1.1] [ASVS 7.2.1] is refused with any one character changed", async () => {
		const { auth, token } = await openWithToken();
		for (let position = 0; position < token.length; position++) {
			const character = token[position] === "A" ? "B" : "A";
			const changed = token.slice(0, position) + character + token.slice(position + 1);
			expect(await accepts(auth, changed), `at ${position}`).toBe(false);
		}
		expect(await accepts(auth, token)).toBe(true);
	});

	it("[A31] is refused in the three other spellings that its last character has", async () => {
		const { auth, token } = await openWithToken();
		const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
		const bytes = Buffer.from(token.split(".")[2]!, "base64url");
		const spellings = [...alphabet]
			.map((last) => token.slice(0, -1) + last)
			.filter((spelling) => Buffer.from(spelling.split(".")[2]!, "base64url").equals(bytes));
		expect(spellings).toHaveLength(4);
		for (const spelling of spellings) expect(await accepts(auth, spelling)).toBe(spelling === token);
	});

	it("[A31] is refused with anything around it or inside it that a lax reader would skip", async () => {
		const { auth, token } = await openWithToken();
		const [header, payload, signature] = token.split(".") as [string, string, string];
		const lax = [
			`${token}=`,
			`${token}.`,
			`.${token}`,
			`${token}.${signature}`,
			`${header}.${payload}`,
			`${header}.${payload}.`,
			`${header}..${signature}`,
			`.${payload}.${signature}`,
			`${header}.${payload}.${signature.slice(0, -1)}`,
			`${header}=.${payload}.${signature}`,
			`${header}.${payload}=.${signature}`,
			`${header}!.${payload}.${signature}`,
			`${header}.${payload}.${signature.replaceAll("-", "+").replaceAll("_", "/")}=`,
			`%20${token}`,
			`${token}%00`,
			`Bearer ${token}`,
			`"${token}"`,
			`${header} .${payload}.${signature}`,
			`${header}.${payload} .${signature}`,
			`${header}. ${payload}.${signature}`,
			`${header}.${payload}.${signature}\u00a0`,
		];
		for (const spelling of lax) expect(await accepts(auth, spelling), spelling).toBe(false);
	});

	it("[A31] is refused with white space or other bytes in what was signed, though the signature is right", async () => {
		const { auth, claims } = await openWithToken();
		const header = encode(JSON.stringify(goodHeader));
		const payload = encode(JSON.stringify(claims));
		for (const input of [
			`${header}=.${payload}`,
			`${header}.${payload}=`,
			`${header}~.${payload}`,
			`${header}.${payload}~`,
		]) {
			expect(await accepts(auth, sign(input, key)), input).toBe(false);
		}
		const notUtf8 = Buffer.concat([Buffer.from('{"iss":"'), Buffer.from([0xff]), Buffer.from('"}')]);
		expect(await accepts(auth, sign(`${header}.${notUtf8.toString("base64url")}`, key))).toBe(false);
	});
});

describe("any other value that Latchkey has made", () => {
	it("[A32] [ASVS 9.2.2] is no session: ids, secrets, hashes, sealed values and counters' keys", async () => {
		const { auth, browser, token, claims } = await openWithToken();
		const [session] = rows(auth, "SELECT id, secret_hash FROM latchkey_session");
		const [stored] = rows(auth, "SELECT user_id, sealed FROM latchkey_password");
		const secretHash = Buffer.from(session!.secret_hash as Uint8Array);
		await browser.post("/api/auth/reauthentication", { password: "a wrong one" });
		const [counter] = rows(auth, "SELECT key FROM latchkey_throttle");
		const [event] = rows(auth, "SELECT id FROM latchkey_audit_event");
		const passwordKeys = deriveKeyRing([testSecret], "password");
		const values: Record<string, string> = {
			"the session's public id": String(session!.id),
			"the user's id": String(stored!.user_id),
			"an event's id": String(event!.id),
			"the secret alone": claims.sid as string,
			"the secret's hash in base64url": secretHash.toString("base64url"),
			"the secret's hash in hex": secretHash.toString("hex"),
			"the hash of the token": createHash("sha256").update(token).digest("base64url"),
			"a sealed password": String(stored!.sealed),
			"a token, sealed": seal(passwordKeys, "session", token),
			"the claims, sealed": seal(passwordKeys, "session-token", JSON.stringify(claims)),
			"a counter's key": String(counter!.key),
			"the payload alone": token.split(".")[1]!,
			"the claims in the clear": encode(JSON.stringify(claims)),
			"the kid": kid,
		};
		for (const [what, value] of Object.entries(values)) expect(await accepts(auth, value), what).toBe(false);
		expect(await accepts(auth, token)).toBe(true);
	});

	it("[A32] is read at the session's cookie and nowhere else: not from a header, the query, the body or another cookie", async () => {
		const { auth, token } = await openWithToken();
		const anonymous = auth.browser();
		const carriers: Record<string, string>[] = [
			{ authorization: `Bearer ${token}` },
			{ authorization: token },
			{ "x-session": token },
			{ "x-forwarded-session": token },
			{ cookie: `attempt=${token}; device=${token}; transaction-1=${token}; __Host-session=${token}` },
		];
		for (const headers of carriers) {
			expect((await anonymous.get(`/api/auth?session=${token}`, headers)).body.authenticated).toBe(false);
			expect((await anonymous.post("/api/auth/refresh", { session: token, token }, headers)).status).toBe(401);
		}
	});

	it("[A32] [ASVS 9.2.2] is no password, no identifier and no id of a device either", async () => {
		const { auth, browser, token, claims } = await openWithToken();
		const values = [token, claims.sid as string, String(claims.sub)];
		for (const value of values) {
			const answer = await auth.browser().post("/api/auth", { email: ada.email, password: value });
			expect(answer.status).toBe(401);
			expect((await browser.post("/api/auth/reauthentication", { password: value })).status).toBe(401);
			expect((await browser.delete(`/api/auth/sessions/${value}`)).status).toBe(404);
			expect((await auth.browser().post("/api/auth", { identifier: value, password: ada.password })).status).toBe(401);
		}
	});

	it("[A32] [ASVS 9.2.3] is no session of another site that has the same secret", async () => {
		const { token } = await openWithToken();
		const other = await openInstrumented({ url: "http://localhost:3001" });
		await signedUp(other);
		expect(await accepts(other, token)).toBe(false);
	});
});

async function openWithToken() {
	const auth = await openInstrumented();
	const browser = await signedUp(auth);
	const token = browser.cookies.get("session")!;
	const claims: Json = { ...claimsOf(token) };
	return { auth, browser, token, claims };
}

/** Both ways in must agree: HTTP, and trusted code. */
async function accepts(auth: TestAuth, token: string): Promise<boolean> {
	const headers = new Headers({ cookie: `session=${token}` });
	const { origin } = (await auth.engine()).settings;
	const response = await auth.handle(new Request(`${origin}/api/auth`, { headers }));
	const { authenticated } = (await response.json()) as { authenticated: boolean };
	expect(response.status).toBe(200);
	expect((await auth.readSession({ headers })) !== null).toBe(authenticated);
	return authenticated;
}

function keyOf(purpose: KeyPurpose): Key {
	return deriveKeyRing([testSecret], purpose).current;
}

function forge(header: Json, claims: Json, signingKey: KeyObject | string = key): string {
	return sign(`${encode(JSON.stringify(header))}.${encode(JSON.stringify(claims))}`, signingKey);
}

function unsigned(header: Json, claims: Json): string {
	return `${encode(JSON.stringify(header))}.${encode(JSON.stringify(claims))}.`;
}

function sign(input: string, signingKey: KeyObject | string): string {
	return `${input}.${createHmac("sha256", signingKey).update(input).digest("base64url")}`;
}

function encode(text: string): string {
	return Buffer.from(text).toString("base64url");
}
