import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ContractStore } from "./contract-store.ts";
import { type AttemptReport, expectNothingHalf } from "./every-write.ts";
import { factorRaces } from "./factor-races.ts";
import { counter, hour, minute, newEvent, newMail, newPasskey, newUser, sha256, signIn, signUp } from "./fixtures.ts";
import { raceIssuer } from "./provider-race-jobs.ts";
import type { RaceJob } from "./race-jobs.ts";
import { type RaceProcesses, startRaceProcesses } from "./race-processes.ts";

export interface RaceStore extends ContractStore {
	/** What the opener below opens this database by. */
	target: string;
}

export interface RaceOptions {
	/** The URL of a module that exports `openForRace(target)`. */
	opener: string;
	/** An empty database, on the machine's clock. */
	open: () => Promise<RaceStore>;
	/** A database that nobody has opened yet. */
	prepare: () => Promise<{ target: string; cleanup: () => Promise<void> }>;
}

const processes = 4;

/** What every adapter promises when several processes do the same thing at the same moment. */
export function storageRaces(name: string, options: RaceOptions): void {
	describe(`${name}: several processes at once`, { timeout: 60_000 }, () => {
		let race: RaceProcesses;
		let store: RaceStore;
		beforeAll(async () => {
			store = await options.open();
			race = await startRaceProcesses(options.opener, processes);
			await race.open(store.target);
		}, 60_000);
		afterAll(async () => {
			await race.kill();
			await store.cleanup();
		}, 60_000);

		it("[A22] accepts exactly as many of 100 parallel attempts as the rule allows", async () => {
			for (const limit of [1, 10, 99]) {
				const rule = counter(`race-${limit}`, { limit, windowMs: hour });
				const states = (await race.run(repeat(["increment", { counter: rule, times: 25 }]))).flat();
				expect(states).toHaveLength(100);
				expect(states.filter(({ accepted }) => accepted)).toHaveLength(limit);
				expect(Math.max(...states.map(({ refusedCount }) => refusedCount))).toBe(100 - limit);
				const [after] = await store.storage.increment([rule]);
				expect(after).toMatchObject({ acceptedCount: limit, refusedCount: 101 - limit });
			}
		});

		it("[A23] gives a token to exactly one of 16 parallel callers", async () => {
			for (let round = 0; round < 10; round++) {
				const token = `token ${round}`;
				await store.storage.putToken({
					purpose: "race",
					subject: "s",
					tokenHash: sha256(token),
					lifetimeMs: hour,
					payload: null,
				});
				expect(sum(await race.run(repeat(["consume", { token, times: 4 }])))).toBe(1);
			}
		});

		it("[A24] makes exactly one of 50 parallel sign-ups with the same address, and leaves no orphans", async () => {
			for (let round = 0; round < 4; round++) {
				const canonical = `race-${round}@example.com`;
				const before = await store.countRows();
				const identifier = { kind: "email" as const, value: canonical, canonical };
				const times = [13, 13, 12, 12];
				const made = await race.run(times.map((times) => ["createUsers", { identifier, times }]));
				expect(sum(made)).toBe(1);
				expect(await store.countRows()).toEqual({
					...before,
					latchkey_user: before.latchkey_user! + 1,
					latchkey_identifier: before.latchkey_identifier! + 2,
					latchkey_password: before.latchkey_password! + 1,
					latchkey_session: before.latchkey_session! + 1,
					latchkey_audit_event: before.latchkey_audit_event! + 1,
				});
			}
		});

		it("[A26] moves a generation for exactly one of 16 parallel renewals", async () => {
			const { userId } = await signUp(store.storage, "renewals");
			for (let round = 0; round < 10; round++) {
				const secret = `renewal ${round}`;
				const session = await store.storage.createSession(signIn(userId, { secret }));
				const sessionId = session!.id;
				await store.storage.recordSight({ sessionId, generation: 1 });
				expect(sum(await race.run(repeat(["advance", { sessionId, times: 4 }])))).toBe(1);
				expect((await store.storage.readSession(sha256(secret)))?.session.generation).toBe(2);
			}
		});

		it("[A27] leaves no session of an epoch that ended while sign-ins were under way", async () => {
			for (let round = 0; round < 10; round++) {
				const { userId } = await signUp(store.storage, `revoked-${round}`);
				const answers = await race.run([
					["signIn", { userId, epoch: 1, times: 10 }],
					["signIn", { userId, epoch: 1, times: 10 }],
					["endAllSessions", { userId }],
					["signIn", { userId, epoch: 1, times: 10 }],
				]);
				const secrets = answers.flatMap((answer) => answer ?? []);
				for (const secret of secrets) expect(await store.storage.readSession(sha256(secret))).toBeNull();
				expect(await store.storage.listSessions(userId, { limit: 100 })).toEqual([]);
				expect(await store.storage.createSession(signIn(userId, { epoch: 2 }))).not.toBeNull();
			}
		});

		it("leaves one way in when every linked identity is unlinked at once", async () => {
			for (let round = 0; round < 10; round++) {
				const subjects = [0, 1, 2, 3].map((number) => `${round}-${number}`);
				const identities = subjects.map((subject) => ({ issuer: raceIssuer, subject, provider: "race" }));
				const { userId, session } = await signUp(store.storage, `linked-${round}`, { identities, password: null });
				const kept = { userId, keepSessionId: session!.id };
				const answers = await race.run(subjects.map((subject) => ["unlink", { ...kept, subject }]));
				expect(answers.toSorted()).toEqual(["last", "unlinked", "unlinked", "unlinked"]);
				expect(await store.storage.listIdentities(userId)).toHaveLength(1);
			}
		});

		it("[A27] leaves no session by an identity that is unlinked while sign-ins by it are under way", async () => {
			for (let round = 0; round < 10; round++) {
				const subject = `left-${round}`;
				const identities = [{ issuer: raceIssuer, subject, provider: "race" }];
				const { userId, session, secretHash } = await signUp(store.storage, subject, { identities });
				const elsewhere = await store.storage.createSession(signIn(userId, { secret: `elsewhere ${round}` }));
				const signIns: RaceJob[] = [0, 1, 2].map(() => ["signInBy", { userId, epoch: 1, subject, times: 4 }]);
				const unlink: RaceJob = ["unlink", { userId, keepSessionId: session!.id, subject }];
				const answers = await race.run([...signIns.slice(0, round % 3), unlink, ...signIns.slice(round % 3)]);
				expect(answers).toContain("unlinked");
				const secrets = answers.flatMap((answer) => (Array.isArray(answer) ? (answer as string[]) : []));
				for (const secret of secrets) expect(await store.storage.readSession(sha256(secret))).toBeNull();
				const left = (await store.storage.listSessions(userId, { limit: 100 })).map(({ id }) => id);
				expect(left.toSorted()).toEqual([session!.id, elsewhere!.id].toSorted());
				expect(await store.storage.readSession(secretHash!)).not.toBeNull();
				expect(await store.storage.createSession(signIn(userId, { epoch: 2 }))).not.toBeNull();
			}
		});

		it("leaves one way in when the last passkey and the last linked identity go at once", async () => {
			for (let round = 0; round < 25; round++) {
				const subject = `beside-${round}`;
				const passkey = newPasskey("", { credentialId: subject });
				const overrides = { identities: [{ issuer: raceIssuer, subject, provider: "race" }], passkey, password: null };
				const { userId, session } = await signUp(store.storage, subject, overrides);
				const kept = { userId, keepSessionId: session!.id };
				const jobs: RaceJob[] = [
					["unlink", { ...kept, subject }],
					["removePasskey", { ...kept, id: passkey.id }],
				];
				const answers = (await race.run(round % 2 === 0 ? jobs : jobs.toReversed())) as string[];
				expect(answers, `round ${round}`).toContain("last");
				const identities = await store.storage.listIdentities(userId);
				const passkeys = (await store.storage.readFactors(userId))!.passkeys;
				expect(identities.length + passkeys.length, `round ${round}`).toBe(1);
			}
		});

		it("[A7] links an identity to exactly one of 16 users who want it at once", async () => {
			for (let round = 0; round < 5; round++) {
				const subject = `wanted-${round}`;
				const people = Array.from({ length: 16 }, (_, person) => signUp(store.storage, `wants-${round}-${person}`));
				const userIds = (await Promise.all(people)).map(({ userId }) => userId);
				const quarters = [0, 4, 8, 12].map((start) => userIds.slice(start, start + 4));
				expect(sum(await race.run(quarters.map((userIds) => ["link", { subject, userIds }])))).toBe(1);
			}
		});

		it("lets exactly one of 16 parallel refreshes of a provider's tokens through", async () => {
			for (let round = 0; round < 10; round++) {
				const identity = { issuer: raceIssuer, subject: `tokens-${round}`, provider: "race" };
				const { userId } = await signUp(store.storage, `tokens-${round}`, { identities: [identity] });
				const tokens = { ...identity, userId, label: null, sealed: "sealed", expiresInMs: 0 };
				await store.storage.keepProviderTokens(tokens);
				const jobs = repeat<RaceJob>(["claimRefresh", { subject: identity.subject, times: 4 }]);
				expect(sum((await race.run(jobs)) as number[])).toBe(1);
			}
		});

		it("gives each message to exactly one of several senders", async () => {
			const mails = Array.from({ length: 60 }, () => newMail({ id: randomUUID() }));
			await store.storage.appendEvents([newEvent({ mails })]);
			const claimed = (await race.run(repeat(["claimMails", { limit: 5, times: 6 }]))).flat();
			expect(claimed.toSorted()).toEqual(mails.map(({ id }) => id).toSorted());
		});

		it("[A23] sets a password by a link for exactly one of 16 parallel callers", async () => {
			for (let round = 0; round < 8; round++) {
				const { userId } = await signUp(store.storage, `reset-${round}`);
				const token = `reset token ${round}`;
				const tokenHash = sha256(token);
				const link = { purpose: "password-reset", subject: userId, tokenHash, lifetimeMs: hour, payload: null };
				await store.storage.putToken(link);
				const canonical = `reset-${round}@example.com`;
				expect(sum(await race.run(repeat(["resetPassword", { userId, canonical, token, times: 4 }])))).toBe(1);
				expect(await store.storage.findCredentialsOfUser(userId)).toMatchObject({ password: { version: 2 } });
				expect(await store.storage.listEvents(userId, { limit: 9 })).toHaveLength(1);
			}
		});

		factorRaces(() => ({ race, store, processes }));

		it("[A22] counts every one of 100 parallel failures", async () => {
			const { userId } = await signUp(store.storage, "guessed");
			const counts = (await race.run(repeat(["recordFailures", { userId, times: 25 }]))).flat();
			expect(counts.toSorted((one, other) => one - other)).toEqual(
				Array.from({ length: 100 }, (_, index) => index + 1),
			);
		});

		it("opens and migrates one fresh database from 4 processes at once", async () => {
			for (let round = 0; round < 8; round++) {
				const fresh = await options.prepare();
				try {
					await race.open(fresh.target);
					const rule = counter("k", { limit: 4, windowMs: minute });
					const states = (await race.run(repeat(["increment", { counter: rule, times: 2 }]))).flat();
					expect(states.filter(({ accepted }) => accepted)).toHaveLength(4);
				} finally {
					await race.close();
					await fresh.cleanup();
				}
			}
		});
	});

	describe(`${name}: processes that are killed`, { timeout: 120_000 }, () => {
		it("leave every acknowledged account whole, and no half of any other", async () => {
			const store = await options.open();
			try {
				const acknowledged: string[] = [];
				for (let round = 0; round < 5; round++) {
					const reports = await runUntilKilled(options.opener, store.target, ["signUpForever", undefined], 60);
					acknowledged.push(...reports.map(String));
				}
				for (const userId of acknowledged) {
					expect(await store.storage.exportUser(userId)).toMatchObject({
						identifiers: [{ kind: "email" }, { kind: "username" }],
						password: {},
						sessions: [{ userId }],
						events: [{ userId }],
					});
				}
				const rows = await store.countRows();
				const users = rows.latchkey_user!;
				expect(users).toBeGreaterThanOrEqual(acknowledged.length);
				expect(rows).toMatchObject({
					latchkey_identifier: 2 * users,
					latchkey_password: users,
					latchkey_session: users,
					latchkey_audit_event: users,
				});
				expect(await store.storage.createUser(newUser("afterwards"))).toMatchObject({ ok: true });
			} finally {
				await store.cleanup();
			}
		});

		it("[A23] leave every acknowledged write of every kind, and no half of any other", async () => {
			const store = await options.open();
			try {
				for (let round = 0; round < 3; round++) {
					const reports = await runUntilKilled(options.opener, store.target, ["writeForever", undefined], 600);
					await expectNothingHalf(store.storage, reports as AttemptReport[]);
				}
				expect(await store.storage.createUser(newUser("afterwards"))).toMatchObject({ ok: true });
			} finally {
				await store.cleanup();
			}
		});
	});
}

/** Lets three processes do this, kills them after at most so many reports, and answers what they had reported by then. */
async function runUntilKilled(opener: string, target: string, job: RaceJob, most: number): Promise<unknown[]> {
	const reports: unknown[] = [];
	const race = await startRaceProcesses(opener, 3);
	try {
		await race.open(target);
		const lastWord = 1 + Math.floor(Math.random() * most);
		await new Promise<void>((resolve, reject) => {
			const working = race.runReporting(job, (report) => {
				reports.push(report);
				if (reports.length === lastWord) resolve();
			});
			// The end of the killed processes comes too late to matter; any other failure ends the test.
			working.catch(reject);
		});
	} finally {
		await race.kill();
	}
	return reports;
}

function repeat<T>(job: T): T[] {
	return Array<T>(processes).fill(job);
}

function sum(numbers: readonly number[]): number {
	return numbers.reduce((total, number) => total + number, 0);
}
