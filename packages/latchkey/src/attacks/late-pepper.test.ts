import { expect, it } from "vitest";
import { ada, openTestAuth, signedUp } from "../../test/harness.ts";

it("[A44] a pepper that is set later leaves the passwords from before it usable", async () => {
	const before = openTestAuth();
	await signedUp(before);
	await before.close();
	const after = openTestAuth({ database: `file:${before.file}`, pepper: "a-pepper-for-tests-0123456789-abcdefghij" });
	expect((await after.browser().post("/api/auth", ada)).status).toBe(200);
	await after.settled();
	expect((await after.browser().post("/api/auth", ada)).status).toBe(200);
});

it("says to the operator when the key of a password is gone", async () => {
	const before = openTestAuth({ pepper: "a-pepper-for-tests-0123456789-abcdefghij" });
	await signedUp(before);
	await before.close();
	const after = openTestAuth({ database: `file:${before.file}` });
	expect((await after.browser().post("/api/auth", ada)).status).toBe(401);
	expect(after.logged.map(({ event }) => event)).toContain("password_key_missing");
});
