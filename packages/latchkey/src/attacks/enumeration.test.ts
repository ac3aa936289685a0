import { describe, expect, it } from "vitest";
import { ada, signedUp } from "../../test/harness.ts";
import { type InstrumentedAuth, openInstrumented } from "../../test/instruments.ts";
import { uuidv7 } from "../lib/crypto/random.ts";
import { parseIdentifier } from "../lib/users/identifiers.ts";

const known = ada.email;
const unknown = "nobody@example.com";
const withoutPassword = "provider@example.com";
const malformed = "not an identifier at all";
const accounts = [known, unknown, withoutPassword, malformed];

describe("whether somebody has an account", () => {
	it("[A20] is not told by the status, the body or the headers of a failed sign-in", async () => {
		const auth = await openWithAccounts();
		const answers = await Promise.all(accounts.map((account) => wrongSignIn(auth, account)));
		for (const answer of answers) expect(answer).toEqual(answers[0]);
		expect(answers[0]).toMatchObject({
			status: 401,
			body: '{"error":"Invalid credentials","code":"invalid_credentials"}',
		});
		expect(answers[0]!.headers.map(([name]) => name)).not.toContain("set-cookie");
	});

	it("[A20] is not told by what a failed sign-in makes the server do: the same hashes and statements", async () => {
		const auth = await openWithAccounts();
		// At the second attempt, so that the counter's row is there for all.
		for (const account of accounts) await wrongSignIn(auth, account);
		const work = [];
		for (const account of accounts) {
			auth.statements.length = 0;
			auth.pool.hashes = 0;
			await wrongSignIn(auth, account);
			await auth.settled();
			work.push({ hashes: auth.pool.hashes, statements: [...auth.statements] });
		}
		for (const each of work) expect(each).toEqual(work[0]);
		expect(work[0]!.hashes).toBe(1);
		expect(work[0]!.statements).toHaveLength(5);
	});

	it("[A20] is not told by a password that is too long to be anybody's", async () => {
		const auth = await openWithAccounts();
		const password = "x".repeat(1024);
		const answers = await Promise.all(accounts.map((account) => wrongSignIn(auth, account, password)));
		for (const answer of answers) expect(answer).toEqual(answers[0]);
	});

	it("[A20] [A22] is not told by when a throttle closes, what it says, or when it opens again", async () => {
		const auth = await openWithAccounts();
		const histories = new Map<string, unknown[]>();
		for (let attempt = 0; attempt < 24; attempt++) {
			if (attempt === 13) auth.clock.advance({ seconds: 30 });
			if (attempt === 18) auth.clock.advance({ minutes: 1 });
			for (const account of accounts) {
				const history = histories.get(account) ?? [];
				history.push(await wrongSignIn(auth, account));
				histories.set(account, history);
			}
		}
		const [first] = histories.values();
		for (const history of histories.values()) expect(history).toEqual(first);
		const statuses = first!.map((answer) => (answer as Answer).status);
		const closed = (count: number) => Array<number>(count).fill(429);
		expect(statuses).toEqual([...Array<number>(10).fill(401), ...closed(3), 401, ...closed(4), 401, ...closed(5)]);
	});
});

type Answer = Awaited<ReturnType<typeof wrongSignIn>>;

async function openWithAccounts(): Promise<InstrumentedAuth> {
	const auth = await openInstrumented();
	await signedUp(auth);
	const identifier = parseIdentifier(withoutPassword);
	if (!identifier.ok) throw new TypeError(identifier.reason);
	const { storage } = await auth.engine();
	await storage.createUser({
		id: uuidv7(),
		name: "Provided For",
		identifiers: [identifier],
		identities: [{ issuer: "https://issuer.example", subject: "1" }],
		password: null,
		session: null,
		replaces: null,
		events: [],
	});
	return auth;
}

async function wrongSignIn(auth: InstrumentedAuth, identifier: string, password = "surely not the password") {
	const response = await auth.handle(signInRequest(identifier, password));
	return { status: response.status, body: await response.text(), headers: [...response.headers] };
}

function signInRequest(identifier: string, password: string): Request {
	return new Request("http://localhost:3000/api/auth", {
		method: "POST",
		headers: { "content-type": "application/json", "sec-fetch-site": "same-origin" },
		body: JSON.stringify({ identifier, password }),
	});
}
