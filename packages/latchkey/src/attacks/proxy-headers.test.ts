import { describe, expect, it } from "vitest";
import { ada, from, signedUp } from "../../test/harness.ts";
import { type InstrumentedAuth, openInstrumented, rows } from "../../test/instruments.ts";
import { installArrivalStamp } from "../lib/http/arrival.ts";
import type { TestAnswer } from "../testing.ts";

installArrivalStamp();

const attacker = "203.0.113.7";
const victim = "198.51.100.20";
const proxy = "10.0.0.2";
const limit = 100;

/** What a client may write in front of, or instead of, what a proxy of ours appends. */
const invented: readonly [what: string, value: (index: number) => string][] = [
	["another address each time", (index) => `198.51.100.${index}`],
	["another IPv6 network each time", (index) => `2001:db8:${index}::1`],
	["the victim's address", () => victim],
	["a chain of addresses", (index) => `192.0.2.${index}, 198.51.100.${index}, ${victim}`],
	["garbage", (index) => `unknown, _hidden${index}, "quoted", for=${victim}, \t,,`],
	["empty entries", (index) => ",".repeat(index)],
	["a very long chain", (index) => Array.from({ length: 2000 }, () => `192.0.2.${index}`).join(", ")],
	["loopback", () => "127.0.0.1"],
	["an address with a port and brackets", (index) => `[2001:db8::${index}]:443`],
];

describe("a client that is connected directly", () => {
	it.each(invented)("[A15] [ASVS 4.1.3] is limited by its own address, whatever it says: %s", async (_what, value) => {
		const auth = await openInstrumented();
		await useUp(auth, (index) => guess(auth, attacker, index, value(index % 256)));
		auth.pool.hashes = 0;
		for (let index = 0; index < 5; index++) {
			expectThrottled(await guess(auth, attacker, limit + index, value(index)));
		}
		expectThrottled(await guess(auth, attacker, limit + 5, null));
		expect(auth.pool.hashes).toBe(0);
		// Nobody else is locked out, not even those whose address it claimed to have.
		expect((await guess(auth, victim, limit + 6, null)).status).toBe(401);
		expect((await guess(auth, "198.51.100.1", limit + 7, null)).status).toBe(401);
	});

	it("[A15] [ASVS 4.1.3] cannot put another address into the audit log or the list of devices", async () => {
		const auth = await openInstrumented();
		const headers = {
			...from(attacker),
			"x-forwarded-for": victim,
			"x-real-ip": victim,
			forwarded: `for=${victim}`,
			"cf-connecting-ip": victim,
			"true-client-ip": victim,
			"x-client-ip": victim,
		};
		const browser = auth.browser({ headers });
		await browser.post("/api/auth/sign-up", ada);
		expect((await browser.get("/api/auth/events")).body.events[0].address).toBe(attacker);
		expect((await browser.get("/api/auth/sessions")).body.sessions[0].address).toBe(attacker);
	});

	it("[A15] in one IPv6 network is one client, in the next another", async () => {
		const auth = await openInstrumented();
		await useUp(auth, (index) => guess(auth, `2001:db8:0:1::${(index + 1).toString(16)}`, index, null));
		expectThrottled(await guess(auth, "2001:db8:0:1:ffff::1", limit, null));
		expect((await guess(auth, "2001:db8:0:2::1", limit + 1, null)).status).toBe(401);
	});

	it("[A15] over IPv4 is the same one when the address is dressed as IPv6", async () => {
		const auth = await openInstrumented();
		const dresses = [attacker, `::ffff:${attacker}`, "::ffff:cb00:7107"];
		await useUp(auth, (index) => guess(auth, dresses[index % 3]!, index, null));
		for (const dress of dresses) expectThrottled(await guess(auth, dress, limit, null));
		expect((await guess(auth, "::ffff:198.51.100.20", limit + 1, null)).status).toBe(401);
	});
});

describe("a client behind one proxy of ours", () => {
	it.each(invented)(
		"[A15] [ASVS 4.1.3] is limited by what the proxy saw, whatever it says: %s",
		async (_what, value) => {
			const auth = await openInstrumented({ trustedProxies: 1 });
			await useUp(auth, (index) => guess(auth, proxy, index, `${value(index % 256)}, ${attacker}`));
			expectThrottled(await guess(auth, proxy, limit, `${value(1)}, ${attacker}`));
			expectThrottled(await guess(auth, proxy, limit + 1, attacker));
			expect((await guess(auth, proxy, limit + 2, victim)).status).toBe(401);
			expect((await guess(auth, proxy, limit + 3, `${attacker}, ${victim}`)).status).toBe(401);
		},
	);
});

describe("an address that nobody knows", () => {
	const unknown: readonly [what: string, peer: string, forwarded: string | null][] = [
		["a loopback peer", "127.0.0.1", null],
		["a loopback peer with a header", "::1", victim],
		["a private peer with a header, while no proxy is trusted", proxy, victim],
		["a private peer with garbage, while no proxy is trusted", "192.168.1.1", "unknown"],
		["no peer", "", victim],
	];

	it.each(unknown)(
		"[A15] is no bucket that all share, and the account's own limit stays: %s",
		async (_what, peer, forwarded) => {
			const auth = await openInstrumented();
			await useUp(auth, (index) => guess(auth, peer, index, forwarded));
			for (let index = limit; index < limit + 5; index++) {
				expect((await guess(auth, peer, index, forwarded)).status).toBe(401);
			}
			for (let index = 0; index < 9; index++) await guess(auth, peer, 0, forwarded);
			expectThrottled(await guess(auth, peer, 0, forwarded));
			expect(rows(auth, "SELECT DISTINCT address FROM latchkey_audit_event")).toEqual([{ address: null }]);
		},
	);
});

describe("the limits by address", () => {
	it("[A22] let ten sign-ups an hour through, and give a sign-in that succeeded back", async () => {
		const auth = await openInstrumented();
		const browser = () => auth.browser({ headers: from(attacker) });
		for (let index = 0; index < 10; index++) {
			const person = { ...ada, email: `person${index}@example.com` };
			expect((await browser().post("/api/auth/sign-up", person)).status).toBe(201);
		}
		const refused = await browser().post("/api/auth/sign-up", { ...ada, email: "person10@example.com" });
		expectThrottled(refused);
		expect(refused.body.retryAfter).toBe(3600);
		auth.clock.advance({ hours: 1 });
		expect((await browser().post("/api/auth/sign-up", ada)).status).toBe(201);

		for (let index = 0; index < limit + 10; index++) {
			expect((await browser().post("/api/auth", { email: ada.email, password: ada.password })).status).toBe(200);
		}
	});

	it("[A22] hold a hundred and fifty guesses at once to a hundred, on as many accounts", async () => {
		const auth = await openInstrumented({}, { pool: { queueLimit: 1000 } });
		const answers = await Promise.all(Array.from({ length: 150 }, (_, index) => guess(auth, attacker, index, null)));
		expect(answers.filter(({ status }) => status === 401)).toHaveLength(limit);
		expect(answers.filter(({ status }) => status === 429)).toHaveLength(50);
		expect(auth.pool.hashes).toBe(limit);
		auth.clock.advance({ minutes: 10 });
		expect((await guess(auth, attacker, 200, null)).status).toBe(401);
	});

	it("[A15] are off by no header that a framework or a proxy understands", async () => {
		const auth = await openInstrumented();
		await signedUp(auth);
		await useUp(auth, (index) => guess(auth, attacker, index, null));
		const tricks: Record<string, string>[] = [
			{ "x-real-ip": victim },
			{ forwarded: `for=${victim};proto=https` },
			{ "x-middleware-subrequest": "middleware:middleware:middleware" },
			{ "x-original-forwarded-for": victim },
			{ "x-forwarded-for": "", via: "1.1 proxy" },
			{ "next-router-prefetch": "1", purpose: "prefetch" },
		];
		for (const headers of tricks) {
			const browser = auth.browser({ headers: { ...from(attacker), ...headers } });
			expectThrottled(await browser.post("/api/auth", { email: ada.email, password: ada.password }));
		}
	});
});

/** As many guesses as an address has, every one of them judged. */
async function useUp(auth: InstrumentedAuth, guessAt: (index: number) => Promise<TestAnswer>): Promise<void> {
	auth.pool.hashes = 0;
	const answers = await Promise.all(Array.from({ length: limit }, (_, index) => guessAt(index)));
	expect(answers.map(({ status }) => status)).toEqual(Array<number>(limit).fill(401));
	expect(auth.pool.hashes).toBe(limit);
}

/** A wrong guess at an account of its own for each `index`. */
function guess(auth: InstrumentedAuth, peer: string, index: number, forwardedFor: string | null): Promise<TestAnswer> {
	const headers = { ...from(peer), ...(forwardedFor !== null && { "x-forwarded-for": forwardedFor }) };
	return auth.browser({ headers }).post("/api/auth", { email: `person${index}@example.com`, password: "a guess" });
}

function expectThrottled({ status, headers, body }: TestAnswer): void {
	expect(status).toBe(429);
	expect(body.code).toBe("too_many_attempts");
	expect(headers.get("retry-after")).toBe(String(body.retryAfter));
}
