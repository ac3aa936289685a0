import { expect, it } from "vitest";
import * as z from "zod";
import { ada, openTestAuth, signedUp } from "../../test/harness.ts";
import { freshName, inSchema, sharedServer } from "../lib/storage/postgres/fixtures/postgres-contract-store.ts";
import { TestBrowser } from "../testing.ts";

/** What JSON and URLs can carry and a database may not be able to hold: NUL, halves of a character, no characters. */
const oddTexts = ["a\u0000b", "\u0000", "a\ud800b", "\udc00", "\ufffe\uffff", "a\u{1f511}b", "\u202ea"];

const stores = [
	{ name: "SQLite", database: async () => ({}) },
	{ name: "PostgreSQL", database: async () => ({ database: inSchema(await sharedServer(), freshName()) }) },
];

it.each(stores)("[A35] [ASVS 2.2.1] no text brings an answer of 500 about, on $name", async ({ database }) => {
	const auth = openTestAuth({
		...(await database()),
		userFields: { company: { schema: z.string().max(100), editable: true } },
	});
	const { password } = ada;
	const own = await signedUp(auth, { ...ada, username: "lovelace" });
	const stranger = () => new TestBrowser(auth);
	const answers = new Map<string, number>();
	for (const [index, odd] of oddTexts.entries()) {
		const inUrl = encodeURIComponent(odd.toWellFormed());
		const signUps = [
			{ email: `name${index}@example.com`, password, name: odd },
			{ email: `company${index}@example.com`, password, company: odd },
			{ email: `password${index}@example.com`, password: `${password}${odd}` },
			{ email: `a${odd}b@example.com`, password },
			{ username: `a${odd}b`, password },
		];
		const bodies = [
			{ identifier: odd, password },
			{ email: `${odd}@example.com`, password },
			{ username: odd, password },
			{ identifier: ada.email, password: odd },
		];
		const asked = [
			...signUps.map((body) => ["sign-up", stranger().post("/api/auth/sign-up", body)] as const),
			...bodies.map((body) => ["sign-in", stranger().post("/api/auth", body)] as const),
			...["name", "username", "company"].map(
				(field) => [field, own.patch("/api/auth/user", { [field]: odd })] as const,
			),
			["device", own.delete(`/api/auth/sessions/${inUrl}`)] as const,
			["devices", own.get(`/api/auth/sessions?before=${inUrl}`)] as const,
			["events", own.get(`/api/auth/events?before=${inUrl}`)] as const,
			["types", own.get(`/api/auth/events?types=${inUrl}`)] as const,
		];
		for (const [what, answer] of asked) answers.set(`${what} ${JSON.stringify(odd)}`, (await answer).status);
	}
	expect([...answers].filter(([, status]) => status >= 500)).toEqual([]);
	expect((await own.get("/api/auth/user/export")).status).toBe(200);
	// A cursor that no list has handed out begins anew.
	const first = (await own.get("/api/auth/events")).body;
	expect(first.events.length).toBeGreaterThan(0);
	expect((await own.get("/api/auth/events?before=%00")).body).toEqual(first);
});
