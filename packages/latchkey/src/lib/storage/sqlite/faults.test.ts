import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { ada, openTestAuth, signedUp } from "../../../../test/harness.ts";
import {
	type Attempt,
	type AttemptReport,
	expectNothingHalf,
	prepareWrite,
	write,
	writeKinds,
	writeOnce,
} from "../contract/every-write.ts";
import { newUser, signUp } from "../contract/fixtures.ts";
import type { Storage } from "../storage.ts";
import { temporaryFolder } from "./fixtures/sqlite-contract-store.ts";
import { openSqlite } from "./open-sqlite.ts";

/** What the file system would say is said by SQLite itself: it then takes no more pages than there are. */
const faults = [
	{ fault: "whose disk is full", begin: "PRAGMA max_page_count = 1", end: "PRAGMA max_page_count = 4294967294" },
	{ fault: "that became read-only", begin: "PRAGMA query_only = ON", end: "PRAGMA query_only = OFF" },
];

/** The connections that are opened from now on, in the order of their opening. */
function catchConnections(): { caught: DatabaseSync[]; stop(): void } {
	const { exec } = DatabaseSync.prototype;
	const caught: DatabaseSync[] = [];
	DatabaseSync.prototype.exec = function (sql: string) {
		if (sql.startsWith("PRAGMA synchronous = FULL")) caught.push(this);
		exec.call(this, sql);
	};
	return {
		caught,
		stop: () => {
			DatabaseSync.prototype.exec = exec;
		},
	};
}

describe.each(faults)("a SQLite file $fault", ({ begin, end }) => {
	let connections: ReturnType<typeof catchConnections>;

	beforeEach(() => {
		connections = catchConnections();
	});
	afterEach(() => connections.stop());

	function fault(): void {
		connections.caught[0]!.exec(begin);
	}
	function recover(): void {
		connections.caught[0]!.exec(end);
	}

	it("is unavailable for writes, keeps no half of any, is read meanwhile, and is written again afterwards", async () => {
		const { folder, remove } = temporaryFolder();
		const storage = await openSqlite({ file: join(folder, "auth.db") });
		const { secretHash } = await signUp(storage, "ada");
		const prepared = await prepareEvery(storage);
		fault();
		const reports: AttemptReport[] = [];
		// What is free in the file is used first.
		expect(await fillUp(storage)).toMatchObject({ code: "store_unavailable", retryAfterSeconds: 10 });
		for (const attempt of prepared) {
			const report = await write(storage, attempt).catch((error: unknown) => {
				expect(error).toMatchObject({ code: "store_unavailable", retryAfterSeconds: 10 });
				return { ...attempt, acknowledged: false };
			});
			reports.push(report);
		}
		expect(reports.filter(({ acknowledged }) => !acknowledged).length).toBeGreaterThan(0);
		expect(await storage.readSession(secretHash!)).not.toBeNull();
		recover();
		await expectNothingHalf(storage, reports);
		for (const kind of writeKinds) await writeOnce(storage, kind, () => {});
		await storage.close();
		remove();
	});

	it("answers 503 with Retry-After to whoever wants to write, and 200 to whoever is signed in", async () => {
		const auth = openTestAuth();
		const browser = await signedUp(auth);
		await auth.settled();
		fault();
		let answer = await auth.browser().post("/api/auth/sign-up", { ...ada, email: `${randomUUID()}@example.com` });
		for (let count = 0; answer.status === 201 && count < 200; count++) {
			auth.clock.advance({ hours: 2 });
			answer = await auth.browser().post("/api/auth/sign-up", { ...ada, email: `${randomUUID()}@example.com` });
		}
		expect(answer).toMatchObject({ status: 503, body: { code: "store_unavailable" } });
		expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
		expect((await browser.get("/api/auth")).body).toMatchObject({ authenticated: true });
		recover();
		const again = await auth.browser().post("/api/auth/sign-up", { ...ada, email: "late@example.com" });
		expect(again.status).toBe(201);
	});
});

it("a SQLite file of which a part cannot be read is unavailable also in the middle of several reads", async () => {
	const { folder, remove } = temporaryFolder();
	const connections = catchConnections();
	onTestFinished(() => connections.stop());
	let isBroken = false;
	const storage = await openSqlite({
		file: join(folder, "auth.db"),
		onStatement: (sql) => {
			if (!isBroken || !sql.startsWith("select")) return;
			// As SQLite does with an I/O error, which also ends what was begun (https://www.sqlite.org/lang_transaction.html).
			connections.caught[0]!.exec("ROLLBACK");
			throw Object.assign(new Error("disk I/O error"), { code: "ERR_SQLITE_ERROR", errcode: 266 });
		},
	});
	const { userId } = await signUp(storage, "ada");
	isBroken = true;
	for (const read of [() => storage.readFactors(userId), () => storage.exportUser(userId)]) {
		await expect(read()).rejects.toMatchObject({ code: "store_unavailable", retryAfterSeconds: 10 });
	}
	isBroken = false;
	expect(await storage.readFactors(userId)).not.toBeNull();
	await storage.close();
	remove();
});

it("a SQLite file whose table or column is taken away is unavailable, and serves again when it is back", async () => {
	const auth = openTestAuth();
	const browser = await signedUp(auth);
	await auth.settled();
	const operator = new DatabaseSync(auth.file);
	onTestFinished(() => operator.close());
	const changes = [
		{ breaks: "ALTER TABLE latchkey_session RENAME TO away", mends: "ALTER TABLE away RENAME TO latchkey_session" },
		{
			breaks: "ALTER TABLE latchkey_session RENAME COLUMN level TO away",
			mends: "ALTER TABLE latchkey_session RENAME COLUMN away TO level",
		},
	];
	for (const { breaks, mends } of changes) {
		operator.exec(breaks);
		const signIn = () => auth.browser().post("/api/auth", { identifier: ada.email, password: ada.password });
		for (const refused of [await signIn(), await browser.get("/api/auth"), await browser.get("/api/auth/user")]) {
			expect(refused, breaks).toMatchObject({ status: 503, body: { code: "store_unavailable" } });
			expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
		}
		operator.exec(mends);
		expect((await browser.get("/api/auth")).body, mends).toMatchObject({ authenticated: true });
		expect((await signIn()).status).toBe(200);
	}
});

async function prepareEvery(storage: Storage): Promise<Attempt[]> {
	const attempts: Attempt[] = [];
	for (const kind of writeKinds) attempts.push(await prepareWrite(storage, kind));
	return attempts;
}

/** Signs people up until there is no room, and answers what was said then. */
async function fillUp(storage: Storage): Promise<unknown> {
	for (let count = 0; count < 1000; count++) {
		try {
			await storage.createUser(newUser(randomUUID()));
		} catch (error) {
			return error;
		}
	}
	return null;
}
