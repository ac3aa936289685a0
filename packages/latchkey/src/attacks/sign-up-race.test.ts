import { describe, expect, it } from "vitest";
import { openBeside } from "../../test/harness.ts";
import { countRows, type InstrumentedAuth, instrument, openInstrumented, rows } from "../../test/instruments.ts";

const password = "a password nobody guesses";

const variants = {
	"one address in every case": ["zoe@example.com", "ZOE@example.com", "Zoe@Example.Com", "zoE@EXAMPLE.COM"],
	"one address composed and decomposed": ["zo\u00e9@example.com", "zoe\u0301@example.com", "ZOE\u0301@example.com"],
	"one domain in Unicode and in punycode": [
		"zoe@b\u00fccher.example",
		"zoe@xn--bcher-kva.example",
		"zoe@BU\u0308CHER.example",
	],
};

describe("fifty sign-ups at once", () => {
	it.each(Object.entries(variants))("[A24] [A35] of %s make one user", async (_what, addresses) => {
		const auth = await openInstrumented();
		const statuses = await signUpAtOnce([auth], 50, (index) => ({ email: addresses[index % addresses.length] }));
		expectOneWinner(auth, statuses, 1);
	});

	it("[A24] of one user name under fifty addresses make one user, and leave no address behind", async () => {
		const auth = await openInstrumented();
		const names = ["zo\u00e9", "ZO\u00c9", "zoe\u0301", "Zo\u00e9"];
		const statuses = await signUpAtOnce([auth], 50, (index) => ({
			email: `zoe${index}@example.com`,
			username: names[index % names.length],
		}));
		expectOneWinner(auth, statuses, 2);
	});

	it("[A24] through two engines on one file make one user", async () => {
		const one = await openInstrumented();
		const other = await instrument(openBeside(one));
		const addresses = variants["one address in every case"];
		const statuses = await signUpAtOnce([one, other], 50, (index) => ({ email: addresses[index % addresses.length] }));
		expectOneWinner(one, statuses, 1);
	});

	it("[A24] of fifty different people make fifty", async () => {
		const auth = await openInstrumented();
		const statuses = await signUpAtOnce([auth], 50, (index) => ({ email: `person${index}@example.com` }));
		expect(new Set(statuses)).toEqual(new Set([201]));
		expect(countRows(auth, "latchkey_user")).toBe(50);
	});
});

describe("fifty changes to one user name at once", () => {
	it("[A24] let one person have it", async () => {
		const auth = await openInstrumented();
		const browsers = Array.from({ length: 10 }, () => auth.browser());
		for (const [index, browser] of browsers.entries()) {
			await browser.post("/api/auth/sign-up", { email: `person${index}@example.com`, password });
		}
		const answers = await Promise.all(
			Array.from({ length: 50 }, (_, index) =>
				browsers[index % 10]!.patch("/api/auth/user", { username: index % 2 === 0 ? "zoe" : "ZOE" }),
			),
		);
		const winners = new Set(answers.flatMap(({ status, body }) => (status === 200 ? [body.user.id] : [])));
		expect(winners.size).toBe(1);
		expect(answers.filter(({ status }) => status === 409)).toHaveLength(45);
		expect(rows(auth, "SELECT user_id FROM latchkey_identifier WHERE kind = 'username'")).toHaveLength(1);
	});
});

async function signUpAtOnce(
	engines: InstrumentedAuth[],
	count: number,
	identifiers: (index: number) => Record<string, unknown>,
): Promise<number[]> {
	const answers = await Promise.all(
		Array.from({ length: count }, (_, index) =>
			engines[index % engines.length]!.browser().post("/api/auth/sign-up", { ...identifiers(index), password }),
		),
	);
	for (const { status, body, headers } of answers) {
		if (status === 201) continue;
		expect(body.code).toBe("identifier_taken");
		expect(headers.getSetCookie()).toEqual([]);
	}
	return answers.map(({ status }) => status);
}

function expectOneWinner(auth: InstrumentedAuth, statuses: number[], identifiers: number): void {
	expect(statuses.filter((status) => status === 201)).toHaveLength(1);
	expect(statuses.filter((status) => status === 409)).toHaveLength(statuses.length - 1);
	for (const table of ["latchkey_user", "latchkey_password", "latchkey_session", "latchkey_audit_event"]) {
		expect(countRows(auth, table), table).toBe(1);
	}
	expect(countRows(auth, "latchkey_identifier")).toBe(identifiers);
}
