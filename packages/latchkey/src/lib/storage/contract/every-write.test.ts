import { describe, expect, it, onTestFinished } from "vitest";
import { openContractStore } from "../postgres/fixtures/postgres-contract-store.ts";
import { openPostgres } from "../postgres/open-postgres.ts";
import { openSqlite } from "../sqlite/open-sqlite.ts";
import type { Storage } from "../storage.ts";
import { callEverything } from "./call-everything.ts";
import { expectNothingHalf, prepareWrite, write, writeKinds } from "./every-write.ts";

type Open = (onStatement: (sql: string) => void) => Promise<Storage>;

const databases: { name: string; open: Open }[] = [
	{ name: "SQLite", open: (onStatement) => openSqlite({ file: ":memory:", onStatement }) },
	{
		name: "PostgreSQL",
		open: async (onStatement) => {
			const { target, cleanup } = await openContractStore({});
			onTestFinished(cleanup);
			return openPostgres({ url: target, rememberedSessions: 0, onStatement });
		},
	},
];

describe.each(databases)("the writes that are interrupted in tests, on $name", ({ open }) => {
	/** Which operations execute a statement that writes, and which there are. */
	async function operationsOf(): Promise<{ called: string[]; writing: string[]; all: string[] }> {
		const called = new Set<string>();
		const writing = new Set<string>();
		let current = "";
		const storage = await open((sql) => {
			if (/\b(insert into|delete from|update (?!skip|of\b)[\w".]*latchkey_)/i.test(sql)) writing.add(current);
		});
		const watched = new Proxy(storage, {
			get: (target, name: keyof Storage) => {
				called.add(name);
				return (...input: unknown[]) => {
					current = name;
					return (target[name] as (...input: unknown[]) => unknown)(...input);
				};
			},
		});
		await callEverything(watched);
		await storage.close();
		const all = Object.keys(storage).filter((name) => name !== "close");
		return { called: [...called].toSorted(), writing: [...writing].toSorted(), all: all.toSorted() };
	}

	it("are all that the store has", async () => {
		const { called, writing, all } = await operationsOf();
		expect(called).toEqual(all);
		expect(writing).toEqual(writeKinds.toSorted());
	});

	it.each(writeKinds)("can tell whether %s was done", async (kind) => {
		const storage = await open(() => {});
		onTestFinished(() => storage.close());
		const [done, left] = [await prepareWrite(storage, kind), await prepareWrite(storage, kind)];
		expect(await expectNothingHalf(storage, [await write(storage, done)])).toBe(1);
		// Of what was not done nothing is found, where it can be seen at all that it was not.
		const lost = expectNothingHalf(storage, [{ ...left, acknowledged: true }]);
		if (isSilent.includes(kind)) await lost;
		else await expect(lost).rejects.toThrow(/was acknowledged and is lost/);
	});
});

/** Which of them change nothing that anybody could see: what has expired is gone already, and a claim names itself. */
const isSilent = ["deleteExpired", "claimMails"];
