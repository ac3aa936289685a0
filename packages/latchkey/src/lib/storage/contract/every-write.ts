import assert from "node:assert/strict";
import type { MailClaim } from "../mail-storage.ts";
import type { Storage } from "../storage.ts";
import { coreWrites } from "./core-writes.ts";
import { factorWrites } from "./factor-writes.ts";
import { mailWrites } from "./mail-writes.ts";
import { providerWrites } from "./provider-writes.ts";
import { trustedDeviceWrites } from "./trusted-device-writes.ts";
import { claimsIn, type Write } from "./write.ts";

/** What of the port only reads, or concerns no row. Everything else is written in {@link everyWrite}. */
export type ReadKind = `${"read" | "find" | "list" | "peek" | "count"}${string}` | "exportUser" | "ping" | "close";

export type WriteKind = Exclude<keyof Storage, ReadKind>;

/** Every kind of write that the port has. */
const everyWrite: Readonly<Record<WriteKind, Write>> = {
	...coreWrites,
	...mailWrites,
	...providerWrites,
	...factorWrites,
	...trustedDeviceWrites,
};

export const writeKinds = Object.keys(everyWrite) as WriteKind[];

/** One write that somebody set out to do, on an account of its own that bears its id. */
export interface Attempt {
	id: string;
	kind: WriteKind;
	/** The messages that it has claimed in the outbox. */
	claims: readonly MailClaim[];
}

export interface AttemptReport extends Attempt {
	acknowledged: boolean;
}

/** Makes everything that an attempt needs. */
export async function prepareWrite(storage: Storage, kind: WriteKind): Promise<Attempt> {
	const id = crypto.randomUUID();
	return { id, kind, claims: claimsIn(await everyWrite[kind].prepare?.(storage, id)) };
}

/** Does what was prepared. */
export async function write(storage: Storage, attempt: Attempt): Promise<AttemptReport> {
	const claimed = claimsIn(await everyWrite[attempt.kind].write(storage, attempt.id, attempt.claims));
	return { ...attempt, claims: claimed.length > 0 ? claimed : attempt.claims, acknowledged: true };
}

/** Sets out to write: says so once everything it needs is there, and once more when it is acknowledged. */
export async function writeOnce(
	storage: Storage,
	kind: WriteKind,
	report: (word: AttemptReport) => void,
): Promise<void> {
	const attempt = await prepareWrite(storage, kind);
	report({ ...attempt, acknowledged: false });
	report(await write(storage, attempt));
}

/** What was acknowledged is stored, and what was not is stored whole or not at all. Answers how many were acknowledged. */
export async function expectNothingHalf(storage: Storage, reports: readonly AttemptReport[]): Promise<number> {
	const attempts = new Map(reports.map((report) => [report.id, report]));
	for (const report of reports) if (report.acknowledged) attempts.set(report.id, report);
	let acknowledged = 0;
	for (const attempt of attempts.values()) {
		const isStored = await everyWrite[attempt.kind].isStored(storage, attempt.id, attempt.claims);
		if (!attempt.acknowledged) continue;
		acknowledged += 1;
		assert.ok(isStored, `${attempt.kind} ${attempt.id} was acknowledged and is lost`);
	}
	return acknowledged;
}

/** One of each kind after the other, from any of them on, for ever or until one fails. */
export async function writeEverything(storage: Storage, report: (word: AttemptReport) => void): Promise<void> {
	const start = Math.floor(Math.random() * writeKinds.length);
	for (let index = start; ; index = (index + 1) % writeKinds.length) {
		await writeOnce(storage, writeKinds[index]!, report);
	}
}
