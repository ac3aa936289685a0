import { describe, expect, it } from "vitest";
import { ada, openTestAuth, type TestAuth } from "../../test/harness.ts";
import { cheapHash } from "../../test/instruments.ts";
import { compareTimes, takeTurns } from "../../test/timing.ts";
import { deriveKeyRing } from "../lib/crypto/keys.ts";
import { uuidv7 } from "../lib/crypto/random.ts";
import { emailCode } from "../lib/email-codes/email-code.ts";
import type { AuthOptions } from "../lib/options.ts";
import { HashPool } from "../lib/passwords/hash-pool.ts";
import { password } from "../lib/passwords/password.ts";
import { type Argon2Parameters, defaultParameters, PasswordHasher } from "../lib/passwords/password-hasher.ts";
import { freshName, inSchema, sharedServer } from "../lib/storage/postgres/fixtures/postgres-contract-store.ts";
import { TestBrowser } from "../lib/testing/test-browser.ts";
import { parseIdentifier } from "../lib/users/identifiers.ts";

// Answers for addresses with an account and for such without, by turns (A20), and how often one of the first takes longer
// than one of the second: whatever else runs on the machine meets both. Where nothing tells them apart, chance misses a half
// by 0.018 (one deviation of 500 and 500); a single look-up more misses it by 0.3 on a quiet machine. So the
// bound is steady on a busy machine and still far below anything real. `npm run bench` has the figures at full cost.
const samples = 500;
const bound = 0.15;

const databases = {
	SQLite: async () => ({}),
	PostgreSQL: async () => ({ database: inSchema(await sharedServer(), freshName()) }),
};

interface Flow {
	ask(browser: TestBrowser, email: string): Promise<{ status: number }>;
	status: number;
	options?: Partial<AuthOptions>;
	signedIn?: true;
}

const forgotten: Flow = {
	ask: (browser, email) => browser.post("/api/auth/password-resets", { email }),
	status: 202,
};

const flows: Record<string, Flow> = {
	"a forgotten password": forgotten,
	"a code to sign in": { ask: (browser, email) => browser.post("/api/auth/email-codes", { email }), status: 202 },
	"a sign-up that must be proven": {
		ask: (browser, email) => browser.post("/api/auth/sign-up", { email, password: "another horse staple" }),
		status: 202,
		options: { emailVerification: "required" },
	},
	"another address for one's account": {
		ask: (browser, email) => browser.post("/api/auth/email-verifications", { email }),
		status: 202,
		signedIn: true,
	},
};

describe.each(Object.entries(databases))("how long an answer takes, on %s", (_name, database) => {
	it.each(Object.entries(flows))(
		"[A20] [A21] tells nobody whether an address has an account: %s",
		{ timeout: 90_000 },
		async (_what, flow) => {
			const auth = await openWithPeople({ ...(await database()), ...flow.options });
			expect(await partBy(auth, flow)).toBeLessThan(bound);
		},
	);

	it("would tell of a few look-ups that only one of them needs", { timeout: 90_000 }, async () => {
		const auth = await openWithPeople(await database());
		const { storage } = await auth.engine();
		const ask: Flow["ask"] = async (browser, email) => {
			const lookUps = email.startsWith("known") ? 8 : 0;
			for (let time = 0; time < lookUps; time++) await storage.findCredentials({ kind: "email", canonical: email });
			return forgotten.ask(browser, email);
		};
		expect(await partBy(auth, { ...forgotten, ask })).toBeGreaterThan(0.2);
	});
});

describe("how long a refused sign-in takes", () => {
	const signIn: Flow = {
		ask: (browser, identifier) => browser.post("/api/auth", { identifier, password: "surely not the password" }),
		status: 401,
	};
	// At full cost, which is what hides the few microseconds that an account's own row takes. One deviation is 0.04.
	const few = 100;
	const boundOfFew = 0.3;

	it.each([true, false])(
		"[A20] tells nobody whether there is an account, with a password: %s",
		{
			timeout: 90_000,
		},
		async (withPassword) => {
			const auth = await openWithPeople({}, { withPassword, count: few, parameters: defaultParameters });
			expect(await partBy(auth, signIn, few)).toBeLessThan(boundOfFew);
		},
	);

	it("would tell of a hash that is left out", { timeout: 90_000 }, async () => {
		const auth = await openWithPeople({}, { count: few, parameters: defaultParameters });
		const { hasher } = await auth.engine();
		const check = hasher.check.bind(hasher);
		hasher.check = (stored, typed) =>
			stored === null
				? Promise.resolve({ matches: false, outdated: false, keyIsMissing: false })
				: check(stored, typed);
		expect(await partBy(auth, signIn, few)).toBeGreaterThan(0.4);
	});

	it("[A20] [A43] tells nobody whether what is locked is an account", { timeout: 90_000 }, async () => {
		const auth = await openWithPeople({}, { count: 1 });
		const ask: Flow["ask"] = (browser, email) => signIn.ask(browser, email.replace(/\d+/, "0"));
		for (let attempt = 0; attempt < 10; attempt++) {
			for (const who of people) await ask(new TestBrowser(auth), `${who}-0@example.com`);
		}
		expect(await partBy(auth, { ask, status: 429 })).toBeLessThan(bound);
	});
});

const people = ["known", "nobody"] as const;

/** An engine with an account for every sample, whose hashes are not what is measured unless `parameters` say so. */
async function openWithPeople(
	options: Partial<AuthOptions>,
	{ count = samples, withPassword = true, parameters = cheapHash as Argon2Parameters } = {},
): Promise<TestAuth> {
	const auth = openTestAuth({ methods: [password(), emailCode()], emailVerification: "optional", ...options });
	const engine = await auth.engine();
	const hasher = new PasswordHasher(new HashPool(), deriveKeyRing(engine.settings.peppers, "password"), parameters);
	Object.assign(engine, { hasher });
	for (let number = 0; number < count; number++) {
		const id = uuidv7();
		const identifier = parseIdentifier(`known-${number}@example.com`);
		if (!identifier.ok) throw new TypeError(identifier.reason);
		await engine.storage.createUser({
			id,
			name: null,
			identifiers: [identifier],
			identities: withPassword ? [] : [{ issuer: "https://issuer.example", subject: id }],
			password: withPassword ? await hasher.hash(id, "correct horse battery") : null,
			session: null,
			replaces: null,
			events: [],
		});
	}
	return auth;
}

/** By how much the chance misses a half that an answer for a known address takes longer than one for an unknown. */
async function partBy(auth: TestAuth, { ask, status, signedIn }: Flow, count = samples): Promise<number> {
	const { sender } = await auth.engine();
	// Its answers are not held against the OpenAPI document meanwhile.
	const browser = new TestBrowser(auth);
	if (signedIn) await browser.post("/api/auth/sign-up", ada);
	const asked = (who: string) => async (turn: number) => {
		const answer = await ask(browser, `${who}-${turn}@example.com`);
		expect(answer.status).toBe(status);
	};
	// What the answer set going, a message above all, is sent before the next is asked for.
	const settled = async () => {
		await auth.settled();
		await sender.flush();
	};
	const [known, nobody] = people;
	// What has just begun to run takes longer.
	for (let turn = 0; turn < 20; turn++) await ask(browser, `first-${turn}@example.com`);
	const { longer } = compareTimes(await takeTurns(count, asked(known), asked(nobody), settled));
	return Math.abs(longer - 0.5);
}
