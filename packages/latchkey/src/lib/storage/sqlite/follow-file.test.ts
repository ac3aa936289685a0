import { copyFileSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { ada, openTestAuth, signedUp } from "../../../../test/harness.ts";
import type { LogEntry } from "../../log.ts";
import { newUser, signUp } from "../contract/fixtures.ts";
import type { Storage } from "../storage.ts";
import { temporaryFolder } from "./fixtures/sqlite-contract-store.ts";
import { followFile } from "./follow-file.ts";
import { openSqlite } from "./open-sqlite.ts";

const unavailable = { code: "store_unavailable", retryAfterSeconds: 10 };

describe("a SQLite file that is moved under a running process", () => {
	let file: string;
	let logged: LogEntry[];

	beforeEach(() => {
		const { folder, remove } = temporaryFolder();
		onTestFinished(remove);
		file = join(folder, "data", "auth.db");
		logged = [];
	});

	async function open(path = file): Promise<Storage> {
		const storage = await followFile({
			file: path,
			open: (mustExist) => openSqlite({ file: path, mustExist }),
			log: (entry) => logged.push(entry),
		});
		onTestFinished(() => storage.close());
		return storage;
	}

	/** A database with this person in it, ready to be put in the place of another. */
	async function backup(person: string): Promise<{ path: string; userId: string }> {
		const path = join(dirname(file), `of ${person}.db`);
		const storage = await openSqlite({ file: path });
		const { userId } = await signUp(storage, person);
		await storage.close();
		return { path, userId };
	}

	/** What was set aside of the file before. */
	const keptJournals = (folder = dirname(file)) => readdirSync(folder).filter((name) => name.includes("-wal-"));

	/** Opens the file as the next process does, and says who is in it. */
	async function next(path = file): Promise<{ has(userId: string): Promise<boolean> }> {
		const storage = await openSqlite({ file: path });
		onTestFinished(() => storage.close());
		return { has: (userId) => isThere(storage, userId) };
	}

	const isThere = async (storage: Storage, userId: string) => (await storage.findCredentialsOfUser(userId)) !== null;

	it("takes no write that would be lost, and goes on when it is back", async () => {
		const storage = await open();
		const { userId, secretHash } = await signUp(storage, "ada");
		renameSync(dirname(file), `${dirname(file)} away`);
		await expect(storage.createUser(newUser("bob"))).rejects.toMatchObject(unavailable);
		// From now on reads know it as well, and nobody is told that they are nobody.
		await expect(storage.readSession(secretHash!)).rejects.toMatchObject(unavailable);
		await expect(storage.ping()).rejects.toMatchObject(unavailable);
		renameSync(`${dirname(file)} away`, dirname(file));
		expect(await storage.createUser(newUser("bob"))).toMatchObject({ ok: true });
		expect(await isThere(storage, userId)).toBe(true);
		expect(logged).toEqual([]);
	});

	it("is noticed by whoever only reads", async () => {
		const storage = await open();
		const { secretHash } = await signUp(storage, "ada");
		rmSync(dirname(file), { recursive: true });
		const isAway = () =>
			storage.readSession(secretHash!).then(
				(live) => {
					expect(live).not.toBeNull();
					return false;
				},
				(error: unknown) => {
					expect(error).toMatchObject(unavailable);
					return true;
				},
			);
		await vi.waitUntil(isAway, { timeout: 20_000 });
		expect(await isAway()).toBe(true);
	});

	it("is opened anew where another takes its place, and what was written before does not get into that", async () => {
		const storage = await open();
		const ada = await signUp(storage, "ada");
		const bob = await backup("bob");
		renameSync(bob.path, file);
		// However many ask at once.
		const created = await Promise.all(["eve", "fay"].map((person) => storage.createUser(newUser(person))));
		expect(created).toMatchObject([{ ok: true }, { ok: true }]);
		expect(await isThere(storage, bob.userId)).toBe(true);
		expect(await isThere(storage, ada.userId)).toBe(false);
		expect(await storage.readSession(ada.secretHash!)).toBeNull();
		await storage.close();
		const again = await openSqlite({ file });
		expect(await isThere(again, bob.userId)).toBe(true);
		expect(await again.createUser(newUser("eve"))).toMatchObject({ ok: false });
		await again.close();
		// What the file before had not taken in yet is kept for whoever wants it.
		const [kept] = keptJournals();
		expect(logged).toEqual([{ level: "warn", event: "database_replaced", file, setAside: join(dirname(file), kept!) }]);
	});

	it.each([
		["the store closes before anybody has asked", () => {}],
		[
			"the process ends with something still to write",
			(storage: Storage) => {
				storage.touchSessions([{ sessionId: "s", at: 1, idleMs: 1 }]).catch(() => {});
			},
		],
	])("does not get into what took its place either when %s", async (_, write) => {
		const storage = await open();
		const ada = await signUp(storage, "ada");
		const bob = await backup("bob");
		renameSync(bob.path, file);
		// When a process ends, nothing happens any more that comes after an await.
		write(storage);
		const closing = storage.close();
		expect(readdirSync(dirname(file))).toEqual([basename(file), keptJournals()[0]]);
		await closing;
		const found = await next();
		expect([await found.has(bob.userId), await found.has(ada.userId)]).toEqual([true, false]);
	});

	it("does not get into what took its place behind a link", async () => {
		const folder = dirname(file);
		mkdirSync(folder, { recursive: true });
		const link = join(folder, "link.db");
		symlinkSync(file, link);
		const storage = await open(link);
		const ada = await signUp(storage, "ada");
		const bob = await backup("bob");
		renameSync(bob.path, file);
		expect(await storage.createUser(newUser("eve"))).toMatchObject({ ok: true });
		expect([await isThere(storage, bob.userId), await isThere(storage, ada.userId)]).toEqual([true, false]);
		expect(keptJournals()).toHaveLength(1);
	});

	it("leaves its journal to the file before where a link leads to another from now on", async () => {
		const link = join(dirname(dirname(file)), "link.db");
		mkdirSync(dirname(file), { recursive: true });
		symlinkSync(file, link);
		const storage = await open(link);
		const ada = await signUp(storage, "ada");
		const bob = await backup("bob");
		rmSync(link);
		symlinkSync(bob.path, link);
		expect(await storage.createUser(newUser("eve"))).toMatchObject({ ok: true });
		expect(await isThere(storage, bob.userId)).toBe(true);
		expect(await (await next()).has(ada.userId)).toBe(true);
		expect(keptJournals()).toEqual([]);
	});

	it("acknowledges no write that waited for a lock until the file was another", async () => {
		const storage = await open();
		await signUp(storage, "ada");
		const bob = await backup("bob");
		const other = new DatabaseSync(file);
		other.exec("BEGIN IMMEDIATE");
		const waiting = storage.createUser(newUser("eve"));
		renameSync(bob.path, file);
		other.exec("COMMIT");
		other.close();
		await expect(waiting).rejects.toMatchObject(unavailable);
	});

	it("is not begun anew in a file that somebody is still copying to its place", async () => {
		const storage = await open();
		await signUp(storage, "ada");
		const bob = await backup("bob");
		rmSync(file);
		// Whoever copies makes an empty file first.
		writeFileSync(file, "");
		for (let count = 0; count < 2; count++)
			await expect(storage.createUser(newUser("eve"))).rejects.toMatchObject(unavailable);
		expect(readdirSync(dirname(file)).filter((name) => name.startsWith(`${basename(file)}-`))).toEqual(keptJournals());
		copyFileSync(bob.path, file);
		expect(await isThere(storage, bob.userId)).toBe(true);
		expect(await storage.createUser(newUser("eve"))).toMatchObject({ ok: true });
	});

	it("is opened anew also where another took its place while it was being opened", async () => {
		const bob = await backup("bob");
		await (await openSqlite({ file })).close();
		const storage = await followFile({
			file,
			open: async (mustExist) => {
				const opened = await openSqlite({ file, mustExist });
				if (!mustExist) renameSync(bob.path, file);
				return opened;
			},
			log: () => {},
		});
		onTestFinished(() => storage.close());
		expect(await storage.createUser(newUser("eve"))).toMatchObject({ ok: true });
		expect(await isThere(storage, bob.userId)).toBe(true);
	});

	it("is unavailable where it cannot be looked at", async () => {
		const storage = await open();
		await signUp(storage, "ada");
		rmSync(dirname(file), { recursive: true });
		symlinkSync(dirname(file), dirname(file));
		await expect(storage.ping()).rejects.toMatchObject(unavailable);
	});

	it("keeps the journal of one that comes with its own", async () => {
		const storage = await open();
		await signUp(storage, "ada");
		const other = join(dirname(file), "other.db");
		const running = await openSqlite({ file: other });
		const bob = await signUp(running, "bob");
		for (const ending of ["-wal", "-shm", ""]) renameSync(`${other}${ending}`, `${file}${ending}`);
		await running.close();
		expect(await storage.createUser(newUser("eve"))).toMatchObject({ ok: true });
		expect(await isThere(storage, bob.userId)).toBe(true);
		expect(logged).toEqual([{ level: "warn", event: "database_replaced", file }]);
	});

	it("is unavailable where what takes its place is no database of ours, and serves again with one that is", async () => {
		const storage = await open();
		await signUp(storage, "ada");
		rmSync(file);
		for (const make of [() => writeFileSync(file, "no database at all"), () => mkdirSync(file)]) {
			make();
			await expect(storage.ping()).rejects.toMatchObject({ ...unavailable, detail: expect.stringContaining(file) });
			rmSync(file, { recursive: true });
		}
		const bob = await backup("bob");
		renameSync(bob.path, file);
		expect(await isThere(storage, bob.userId)).toBe(true);
	});

	it("answers 503 with Retry-After meanwhile, and guards let nobody in", async () => {
		const auth = openTestAuth();
		const browser = await signedUp(auth);
		await auth.settled();
		renameSync(auth.file, `${auth.file} away`);
		const signIn = () => auth.browser().post("/api/auth", { identifier: ada.email, password: ada.password });
		for (const refused of [await signIn(), await browser.get("/api/auth/user"), await browser.delete("/api/auth")]) {
			expect(refused).toMatchObject({ status: 503, body: { code: "store_unavailable" } });
			expect(refused.headers.get("retry-after")).toBe("10");
		}
		renameSync(`${auth.file} away`, auth.file);
		expect((await signIn()).status).toBe(200);
		expect((await browser.get("/api/auth/user")).status).toBe(200);
	});

	it("is not opened again once the store is closed", async () => {
		const storage = await open();
		await storage.close();
		rmSync(file);
		await expect(storage.ping()).rejects.toMatchObject({ code: "store_unavailable", detail: /closed/ });
		await expect(storage.createUser(newUser("ada"))).rejects.toMatchObject({ code: "store_unavailable" });
	});
});
