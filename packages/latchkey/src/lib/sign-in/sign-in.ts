import { deviceSubject, isKnownDevice, rememberDevice } from "../devices/known-device.ts";
import type { Engine } from "../engine.ts";
import type { Refusal } from "../errors.ts";
import { auditEvent, type EventType } from "../events/events.ts";
import { type Admission, type Attempt, addressSubject, type FoundAccount, tooManyAttempts } from "../http/throttle.ts";
import type { Visitor } from "../http/visitor.ts";
import { type Method, type MethodAttempt, type Named, readAttempt } from "../methods/method.ts";
import { recordWrongPassword } from "../passwords/failed-password.ts";
import { combine } from "../second-step/authentication.ts";
import { type SecondFactorRequired, startAttempt } from "../second-step/pending-attempt.ts";
import { secondStepFor, trustDaysOf } from "../second-step/second-step.ts";
import { type Authentication, draftSession, type GrantedSession, grantSession } from "../sessions/open-session.ts";
import { trustedDeviceAmr } from "../sessions/recent-proof.ts";
import { replace } from "../sessions/replaced-session.ts";
import { type ResolvedSession, resolveSession } from "../sessions/resolve-session.ts";
import type { Credentials, NewEvent, NewSession, Settlement, UserRecord } from "../storage/storage.ts";
import { ProofOfPerson } from "./proof-of-person.ts";

/** A session, a second step that is asked for, or neither: switch on `ok`, then on `code`. */
export type SignInResult = ({ readonly ok: true } & GrantedSession) | SecondFactorRequired | Refusal;

/**
 * Signs a visitor in with whatever method understands the input. Counts the attempt before it is judged, ends the
 * session that was there, and answers alike in body and time whether or not there is such an account.
 */
export async function signIn(engine: Engine, visitor: Visitor, raw: unknown): Promise<SignInResult> {
	const read = readAttempt(engine.methods, raw);
	if (!read.ok) return { ok: false, code: "invalid_input", fields: read.fields };
	const { method, attempt } = read;
	// A password that nobody has time to check is no failed attempt.
	if (method.amr.includes("pwd")) engine.hasher.requireRoom();
	const admission = await admitAttempt(engine, visitor, attempt.account, null, attempt.named);
	if (!admission.ok) return admission;
	const previous = await resolveSession(engine, visitor, { activity: false });
	return proveAndOpen(engine, visitor, {
		method,
		attempt,
		previous,
		settle: admission.settle,
		...(admission.found && { found: admission.found }),
		succeeded: "sign_in.succeeded",
		failed: "sign_in.failed",
	});
}

/** Counts an attempt to prove who one is, or refuses it. `userId` is whose attempt it is, where that is known. */
export async function admitAttempt(
	engine: Engine,
	visitor: Visitor,
	account: string | null,
	userId: string | null,
	named?: Named,
): Promise<Admitted | Refusal> {
	const device = account === null ? null : deviceSubject(engine, visitor, account);
	const attempt: Attempt =
		device === null ? { rule: "signInAccount", subject: account } : { rule: "signInDevice", subject: device };
	return admitAttempts(engine, visitor, [attempt], userId, named);
}

type Admitted = Extract<Admission, { ok: true }>;

/** The same for attempts that other rules count; the visitor's address always counts along. */
export async function admitAttempts(
	engine: Engine,
	visitor: Visitor,
	attempts: readonly Attempt[],
	userId: string | null,
	named?: Named,
): Promise<Admitted | Refusal> {
	const ofAddress: Attempt = { rule: "signInAddress", subject: addressSubject(engine, visitor) };
	const admission = await engine.throttle.admit([...attempts, ofAddress], named);
	if (admission.ok) return admission;
	if (admission.first) await engine.storage.appendEvents([auditEvent("sign_in.throttled", visitor, { userId })]);
	return tooManyAttempts(admission);
}

interface ProofUnderWay {
	method: Pick<Method, "name" | "amr" | "level">;
	attempt: MethodAttempt;
	previous: ResolvedSession | null;
	/** What the same person has shown before in the session that goes on; it counts along. Default: nothing. */
	earlier?: Authentication;
	/** The session at a provider that it was shown in, or the session here that goes on. Default: none. */
	began?: NewSession["began"];
	settle: Settlement;
	/** Whom the attempt named, if that was read when it was counted. */
	found?: FoundAccount;
	succeeded: EventType;
	failed: EventType;
}

/**
 * Verifies, and opens a new session in the place of the previous one, unless the account asks for a second step. Every
 * proof of a person ends here.
 */
export async function proveAndOpen(engine: Engine, visitor: Visitor, proof: ProofUnderWay): Promise<SignInResult> {
	const person = new ProofOfPerson(engine, visitor, proof.found ?? null);
	const credentials = await person.prove(proof.attempt);
	if (credentials === null) {
		const event = auditEvent(proof.failed, visitor, {
			userId: person.accountId,
			detail: { method: proof.method.name },
		});
		if (proof.method.amr.includes("pwd")) await recordWrongPassword(engine, visitor, person.accountId, event);
		else await engine.storage.appendEvents([event]);
		return { ok: false, code: person.refusal };
	}
	if (credentials.password !== null && credentials.password.failures > 0 && proof.method.amr.includes("pwd")) {
		engine.background.run("forget_failures", () => engine.storage.forgetFailures(credentials.user.id));
	}
	const shown = person.authentication(proof.method);
	const authentication = proof.earlier === undefined ? shown : combine(proof.earlier, shown);
	return (
		(await openOrAsk(engine, visitor, proof, authentication, credentials)) ??
		(await openOnceMore(engine, visitor, proof, authentication, credentials, person)) ?? {
			ok: false,
			code: "invalid_credentials",
		}
	);
}

/** `null` when the user's epoch moved meanwhile. */
async function openOrAsk(
	engine: Engine,
	visitor: Visitor,
	{ method, previous, began = null, settle, succeeded }: ProofUnderWay,
	authentication: Authentication,
	credentials: Credentials,
): Promise<SignInResult | null> {
	const { user } = credentials;
	const step = secondStepFor(engine, credentials, authentication);
	// Only on the way in: whoever is to prove themselves once more has a reason to be asked.
	const mayBeTrusted = step !== null && step.enrolments.length === 0 && succeeded === "sign_in.succeeded";
	const trusted =
		mayBeTrusted && trustDaysOf(engine, user) !== null ? await trustedDeviceOf(engine, visitor, user) : null;
	if (step !== null && trusted === null) {
		return startAttempt(engine, visitor, { credentials, method: method.name, authentication, began, settle, step });
	}
	const detail = { method: method.name, ...(trusted !== null && { trustedDevice: trusted.id }) };
	const amr = trusted === null ? authentication.amr : [...authentication.amr, trustedDeviceAmr];
	const shown = { ...authentication, amr };
	const opened = await openProven(engine, visitor, {
		user,
		authentication: shown,
		previous,
		began,
		settle,
		succeeded,
		detail,
	});
	return opened === null || trusted === null ? opened : { ...opened, trustedDevice: trusted.cookie };
}

async function trustedDeviceOf(engine: Engine, visitor: Visitor, user: UserRecord) {
	const { spendTrust } = await import("../devices/trusted-device.ts");
	return spendTrust(engine, visitor, user);
}

// The epoch moved while the proof was judged: somebody ended all sessions. If what was proven still holds, this sign-in
// counts as one that came after; if the password itself was changed, it does not.
async function openOnceMore(
	engine: Engine,
	visitor: Visitor,
	proof: ProofUnderWay,
	authentication: Authentication,
	{ user }: Credentials,
	person: ProofOfPerson,
): Promise<SignInResult | null> {
	const credentials = await engine.storage.findCredentialsOfUser(user.id);
	if (credentials === null || !(await person.stillHolds(credentials))) return null;
	return openOrAsk(engine, visitor, proof, authentication, credentials);
}

export interface Proven {
	/** As read before the proof was judged: with another epoch by now, no session begins. */
	user: UserRecord;
	authentication: Authentication;
	previous: ResolvedSession | null;
	began?: NewSession["began"];
	settle: Settlement;
	succeeded: EventType;
	/** Of the event that it succeeded. */
	detail: Readonly<Record<string, unknown>>;
	/** What else to record. */
	events?: readonly NewEvent[];
}

/** Opens the session of somebody who has shown all that is asked for. `null` when their epoch moved meanwhile. */
export async function openProven(
	engine: Engine,
	visitor: Visitor,
	{ user, authentication, previous, began = null, settle, succeeded, detail, events = [] }: Proven,
): Promise<({ readonly ok: true } & GrantedSession) | null> {
	const { secret, draft } = draftSession(engine, visitor, authentication, began);
	const { replaces, events: ofReplaced } = replace(previous, user.id, visitor);
	const succeededEvent = auditEvent(succeeded, visitor, { userId: user.id, sessionId: draft.id, detail });
	const session = await engine.storage.createSession({
		session: { ...draft, userId: user.id, epoch: user.epoch },
		replaces,
		settle,
		events: [
			succeededEvent,
			...(succeeded === "sign_in.succeeded" ? newDevice(engine, visitor, user, draft.id) : []),
			...events,
			...ofReplaced,
		],
	});
	if (session === null) return null;
	const device = rememberDevice(engine, visitor, user, session);
	return { ok: true, ...grantSession(engine, secret, session, user), device };
}

/** What tells of a sign-in on a new device, to a proven address only: whose mailbox another one is, nobody knows. */
export function newDevice(engine: Engine, visitor: Visitor, user: UserRecord, sessionId: string): NewEvent[] {
	if (user.emailVerifiedAt === null || isKnownDevice(engine, visitor, user)) return [];
	return [auditEvent("sign_in.new_device", visitor, { userId: user.id, sessionId })];
}
