import * as z from "zod/mini";
import { nowOf } from "../clock.ts";
import { uuidv7 } from "../crypto/random.ts";
import { rememberDevice } from "../devices/known-device.ts";
import type { Engine } from "../engine.ts";
import { misconfigured } from "../errors.ts";
import { auditEvent } from "../events/events.ts";
import { nothingToSettle } from "../http/throttle.ts";
import type { Visitor } from "../http/visitor.ts";
import { languageOf } from "../mail/ask-for-mail.ts";
import { newMail } from "../mail/new-mail.ts";
import { startAttempt } from "../second-step/pending-attempt.ts";
import { secondStepFor } from "../second-step/second-step.ts";
import { type Authentication, draftSession, grantSession } from "../sessions/open-session.ts";
import { replace } from "../sessions/replaced-session.ts";
import { resolveSession } from "../sessions/resolve-session.ts";
import type { SignInResult } from "../sign-in/sign-in.ts";
import type { FactorSummary } from "../storage/factors-storage.ts";
import type { NewMail } from "../storage/mail-storage.ts";
import type { CreateUser, IdentifierKind, NewEvent, UserRecord } from "../storage/storage.ts";
import { admitPasswordSignUp } from "./admit-sign-up.ts";
import { emailField, nameField, usernameField } from "./fields.ts";

const names = z.object({
	email: z.optional(emailField),
	username: z.optional(usernameField),
	name: z.nullish(nameField),
});

const hasIdentifier = ({ email, username }: { email?: unknown; username?: unknown }) =>
	email !== undefined || username !== undefined;

const needsIdentifier = { path: ["email"], params: { reason: "required" } };

/** What a newcomer is called, and signs in by. */
export const signUpNames = names.check(z.refine(hasIdentifier, needsIdentifier));

export const signUpInput = z.extend(names, { password: z.string() }).check(z.refine(hasIdentifier, needsIdentifier));

export type SignUpInput = z.output<typeof signUpInput> & {
	/** The application's own, of those that people set themselves. */
	readonly fields?: Readonly<Record<string, unknown>>;
};

/**
 * Registers somebody and signs them in. The account is whole or absent: one transaction writes it, and of any number
 * who want the same name at once the constraint lets one in.
 */
export async function signUp(engine: Engine, visitor: Visitor, input: SignUpInput): Promise<SignInResult> {
	if (engine.options.signUp === "closed") return { ok: false, code: "sign_up_closed" };
	if (engine.options.emailVerification === "required") {
		throw misconfigured(
			'auth.signUp signs in at once; with emailVerification: "required" send people to POST /sign-up',
		);
	}
	const { email, username, name = null } = input;
	const about = [email?.value ?? null, username?.value ?? null, name];
	const admitted = await admitPasswordSignUp(engine, visitor, { ...input, about });
	if (!admitted.ok) return admitted;
	const userId = uuidv7();
	const language = languageOf(engine, visitor);
	const asksForProof = email !== undefined && engine.options.emailVerification === "optional";
	const mails = asksForProof ? [newMail("verify_email", { recipient: email.value, userId, language })] : [];
	return register(engine, visitor, {
		userId,
		name,
		identifiers: [email, username].filter((identifier) => identifier !== undefined),
		password: await engine.hasher.hash(userId, admitted.normalized),
		method: "password",
		authentication: { amr: ["pwd"], level: "aal1" },
		factors: { totp: false, passkeys: 0, boundPasskeys: 0, recoveryCodes: 0, secondStep: false },
		language,
		fields: admitted.fields,
		mails,
		events: [],
	});
}

interface Newcomer
	extends Pick<CreateUser, "name" | "language" | "identifiers" | "emailIsProven" | "password" | "passkey" | "fields"> {
	userId: string;
	/** How they prove who they are, from now on. */
	method: string;
	authentication: Authentication;
	factors: FactorSummary;
	/** What they are written. */
	mails: readonly NewMail[];
	/** What else to record. */
	events: readonly NewEvent[];
}

/** Writes the account and opens its first session, or asks for a second factor where everybody must have one. */
export async function register(engine: Engine, visitor: Visitor, newcomer: Newcomer): Promise<SignInResult> {
	const { userId, method, authentication, factors, mails, events, ...account } = newcomer;
	const previous = await resolveSession(engine, visitor, { activity: false });
	const step = secondStepFor(engine, { user: newcomerRecord(engine, newcomer), factors }, authentication);
	const { secret, draft } = draftSession(engine, visitor, authentication);
	const replaced = step === null ? replace(previous, userId, visitor) : { replaces: null, events: [] };
	const sessionId = step === null ? draft.id : null;
	const created = await engine.storage.createUser({
		...account,
		id: userId,
		identities: [],
		session: step === null ? draft : null,
		replaces: replaced.replaces,
		events: [
			auditEvent("user.signed_up", visitor, { userId, sessionId, detail: { method }, mails }),
			// Without notices: whoever signs up knows what they do.
			...events.map(({ mails: _mails, ...event }) => event),
			...replaced.events,
		],
	});
	if (!created.ok) return { ok: false, code: "identifier_taken", fields: takenFields(created.taken) };
	const { user, session } = created;
	if (step !== null) {
		const credentials = { user, password: null, factors };
		return startAttempt(engine, visitor, { credentials, method, authentication, settle: nothingToSettle, step });
	}
	if (session === null) throw new TypeError("createUser opened no session though it was given one");
	const device = rememberDevice(engine, visitor, user, session);
	return { ok: true, ...grantSession(engine, secret, session, user), device };
}

function takenFields(taken: readonly string[]): Record<string, string> {
	return Object.fromEntries(taken.map((field) => [field, "taken"]));
}

/** The newcomer as they will be stored, for whoever judges them by what they are. */
function newcomerRecord(
	engine: Engine,
	{ userId, name, identifiers, emailIsProven = false, fields = null }: Newcomer,
): UserRecord {
	const named = (kind: IdentifierKind) => identifiers.find((identifier) => identifier.kind === kind)?.value ?? null;
	const [email, username, createdAt] = [named("email"), named("username"), nowOf(engine)];
	const emailVerifiedAt = emailIsProven ? createdAt : null;
	return { id: userId, name, email, emailVerifiedAt, username, epoch: 1, createdAt, fields };
}
