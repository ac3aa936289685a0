/** Whether the time of an answer tells if an address has an account (ATTACKS.md of the design, A20), at full cost. */
import { uuidv7 } from "../../packages/latchkey/src/lib/crypto/random.ts";
import { emailCode } from "../../packages/latchkey/src/lib/email-codes/email-code.ts";
import { password } from "../../packages/latchkey/src/lib/passwords/password.ts";
import { compareTimes, takeTurns } from "../../packages/latchkey/test/timing.ts";
import { expectStatus, openBenchAuth, send } from "../lib/engine.mjs";
import { goodPassword } from "../lib/people.mjs";

export const title = "How long an answer takes for an address with an account and for one without";

const flows = {
	"a refused sign-in": {
		path: "/api/auth",
		body: (email) => ({ email, password: "surely not the password" }),
		status: 401,
	},
	"a forgotten password": { path: "/api/auth/password-resets", body: (email) => ({ email }), status: 202 },
	"a code to sign in": { path: "/api/auth/email-codes", body: (email) => ({ email }), status: 202 },
	"a sign-up that must be proven": {
		path: "/api/auth/sign-up",
		body: (email) => ({ email, password: goodPassword }),
		status: 202,
		options: { emailVerification: "required" },
	},
};

export async function measure({ quick }) {
	const samples = quick ? 50 : 500;
	const rows = [];
	for (const [what, { path, body, status, options }] of Object.entries(flows)) {
		const { auth, engine } = await openBenchAuth({ methods: [password(), emailCode()], ...options });
		await register(engine, samples);
		const ask = (who) => async (turn) => {
			const answer = await auth.handle(send("POST", path, body(`${who}-${turn}@example.com`)));
			await (await expectStatus(answer, status)).text();
		};
		const settled = async () => {
			await engine.background.settled();
			await engine.sender.flush();
		};
		for (let turn = 0; turn < 10; turn++) await ask("first")(turn);
		const times = await takeTurns(samples, ask("known"), ask("nobody"), settled);
		rows.push(row(what, times, compareTimes(times)));
		await auth.close();
	}
	const notes = [
		`${samples} of each, by turns. p: of the rank-sum test; a hundredth of all runs are below 0.01 by chance alone.`,
	];
	return { rows, notes };
}

function row(what, { other }, { p, longer, medians }) {
	const typical = other.toSorted((one, another) => one - another)[other.length >> 1];
	return {
		what,
		figure: `${typical.toFixed(2)} ms, p ${p.toPrecision(2)}, longer ${(100 * longer).toFixed(0)} %`,
		against: "without",
		ratio: { value: 1 + medians },
		judged: Math.abs(medians),
		budget: { most: 0.05 },
	};
}

/** Accounts as a sign-up writes them, one for every sample. */
async function register({ storage, hasher }, count) {
	for (let number = 0; number < count; number++) {
		const id = uuidv7();
		const email = `known-${number}@example.com`;
		await storage.createUser({
			id,
			name: null,
			identifiers: [{ kind: "email", value: email, canonical: email }],
			identities: [],
			password: await hasher.hash(id, goodPassword),
			session: null,
			replaces: null,
			events: [],
		});
	}
}
