import { describe, expect, it } from "vitest";
import { ada, signedUp } from "../../test/harness.ts";
import { type InstrumentedAuth, openInstrumented } from "../../test/instruments.ts";
import { emailCode } from "../lib/email-codes/email-code.ts";
import type { AuthOptions } from "../lib/options.ts";
import { password } from "../lib/passwords/password.ts";
import type { TestBrowser } from "../lib/testing/test-browser.ts";

const known = ada.email;
const unknown = "nobody@example.com";

interface Asked {
	path: string;
	body: (email: string) => object;
	options?: Partial<AuthOptions>;
	/** Asked by somebody who is signed in, and not by a new visitor each time. */
	signedIn?: true;
}

const requests: Record<string, Asked> = {
	"a forgotten password": { path: "/api/auth/password-resets", body: (email) => ({ email }) },
	"a code to sign in": { path: "/api/auth/email-codes", body: (email) => ({ email }) },
	"a sign-up that must be proven": {
		path: "/api/auth/sign-up",
		body: (email) => ({ email, password: "another horse staple" }),
		options: { emailVerification: "required" },
	},
	"another address for one's account": {
		path: "/api/auth/email-verifications",
		body: (email) => ({ email }),
		signedIn: true,
	},
};

describe.each(Object.entries(requests))(
	"whether somebody has an account: %s",
	(_what, { path, body, options = {}, signedIn }) => {
		it("[A20] [A21] [ASVS 6.3.8] is not told by what it makes the server do: the same statements, hashes and rows", async () => {
			const { auth, eve } = await openWithAda(options);
			const ask = (email: string) => (signedIn ? eve : auth.browser()).post(path, body(email));
			// At the second attempt, so that the counter's row is there for both.
			for (const email of [known, unknown]) expect((await ask(email)).status).toBe(202);
			await auth.settled();
			// Whose session it is, is remembered for both.
			if (signedIn) await eve.get("/api/auth");
			const work = [];
			for (const email of [known, unknown]) {
				auth.statements.length = 0;
				auth.pool.hashes = 0;
				const { status, body, headers } = await ask(email);
				await auth.settled();
				const cookies = headers.getSetCookie().map((cookie) => [cookie.length, cookie.split("=")[0]]);
				const others = [...headers].filter(([name]) => name !== "set-cookie");
				work.push({
					status,
					body,
					others,
					count: cookies.length,
					hashes: auth.pool.hashes,
					done: [...auth.statements],
				});
			}
			expect(work[0]).toEqual(work[1]);
			expect(work[0]!.done.length).toBeLessThanOrEqual(signedIn ? 8 : 6);
		});

		it("[A21] is not told by when the throttle closes, or what it says then", async () => {
			const { auth, eve } = await openWithAda(options);
			const histories = new Map<string, unknown[]>([
				[known, []],
				[unknown, []],
			]);
			for (let attempt = 0; attempt < 7; attempt++) {
				for (const [email, history] of histories) {
					const { status, body: answer } = await (signedIn ? eve : auth.browser()).post(path, body(email));
					history.push([status, answer]);
				}
			}
			const [first, second] = [...histories.values()];
			expect(first).toEqual(second);
			expect(first!.map((answer) => (answer as [number])[0])).toEqual([202, 202, 202, 202, 202, 429, 429]);
		});
	},
);

async function openWithAda(options: Partial<AuthOptions>): Promise<{ auth: InstrumentedAuth; eve: TestBrowser }> {
	const auth = await openInstrumented({ methods: [password(), emailCode()] });
	await signedUp(auth);
	const eve = await signedUp(auth, { email: "eve@example.com", password: "evening primrose oil" });
	Object.assign(await auth.engine(), { options: { ...(await auth.engine()).options, ...options } });
	return { auth, eve };
}
