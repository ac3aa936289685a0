import { expect, it } from "vitest";
import { newUser } from "../contract/fixtures.ts";
import { openSqlite } from "./open-sqlite.ts";

it("keeps a database in memory for as long as the store is open", async () => {
	const storage = await openSqlite({ file: ":memory:" });
	const other = await openSqlite({ file: ":memory:" });
	const input = newUser("ada");
	expect(await storage.createUser(input)).toMatchObject({ ok: true });
	expect(await storage.readSession(input.session!.secretHash)).not.toBeNull();
	expect(await storage.exportUser(input.id)).not.toBeNull();
	expect(await other.readSession(input.session!.secretHash)).toBeNull();
	await storage.close();
	await other.close();
});
