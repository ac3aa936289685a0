import { uuidv7 } from "../crypto/random.ts";
import type { Engine } from "../engine.ts";
import type { Refusal } from "../errors.ts";
import { auditEvent } from "../events/events.ts";
import type { Visitor } from "../http/visitor.ts";
import { languageOf } from "../mail/ask-for-mail.ts";
import type { NewIdentifier } from "../storage/storage.ts";
import { nameField } from "../users/fields.ts";
import { parseEmail } from "../users/identifiers.ts";
import type { ProvenAtProvider } from "./exchange-code.ts";
import type { OfferedProvider } from "./offered-provider.ts";
import type { Profile } from "./provider.ts";

export type FoundPerson = { readonly ok: true; readonly userId: string } | Refusal;

/** Somebody new, of whom nothing is made before they have said what is missing. */
export interface NotYetPerson {
	readonly ok: false;
	readonly code: "sign_up_incomplete";
}

type Proven = Pick<ProvenAtProvider, "issuer" | "profile">;

/**
 * Whose account somebody proven at a provider signs in to. Identity is issuer and subject. An address decides nothing but
 * this: at first sight, an account that has proven it is linked if the provider is authoritative for it; where either is
 * missing, the person must sign in to that account first; and where nobody has the address, a new account is made. Who
 * comes without a proven address is asked for one first.
 */
export async function findPerson(
	engine: Engine,
	visitor: Visitor,
	provider: OfferedProvider,
	proven: Proven,
): Promise<FoundPerson | NotYetPerson> {
	const identity = { issuer: proven.issuer, subject: proven.profile.subject };
	const known = await engine.storage.findUserByIdentity(identity);
	if (known !== null) return { ok: true, userId: known.id };
	const email = provenAddress(proven.profile);
	const holder = email === null ? null : await engine.storage.findCredentials(email);
	if (email !== null && holder !== null) {
		const bothProved = holder.user.emailVerifiedAt !== null && proven.profile.emailStanding === "authoritative";
		return bothProved ? linkFound(engine, visitor, provider, proven, holder.user.id, email.canonical) : accountExists;
	}
	// Unproven, it is no identifier: whoever owns it could not register any more. But its account is not doubled silently.
	// Where every account has a proven address none can be, and whoever claims one there would learn that it has an account.
	const mayBeDoubled = email === null && engine.options.emailVerification !== "required";
	if (mayBeDoubled && (await isKnownAddress(engine, proven.profile))) return accountExists;
	if (engine.options.signUp === "closed") return { ok: false, code: "sign_up_closed" };
	if (email === null && engine.options.emailVerification !== "off") return { ok: false, code: "sign_up_incomplete" };
	return registerIdentity(engine, visitor, provider, proven, { email, fields: null });
}

const accountExists: Refusal = { ok: false, code: "account_exists" };

/** An address that the provider had proven, as an identifier. */
function provenAddress({ email, emailStanding }: Profile): NewIdentifier | null {
	const parsed = email === null || emailStanding === "unproven" ? null : parseEmail(email);
	return parsed?.ok ? { kind: "email", value: parsed.value, canonical: parsed.canonical } : null;
}

async function isKnownAddress({ storage }: Engine, { email }: Profile): Promise<boolean> {
	const parsed = email === null ? null : parseEmail(email);
	if (!parsed?.ok) return false;
	return (await storage.findCredentials({ kind: "email", canonical: parsed.canonical })) !== null;
}

async function linkFound(
	{ storage }: Engine,
	visitor: Visitor,
	{ id: provider }: OfferedProvider,
	{ issuer, profile }: Proven,
	userId: string,
	verifiedEmail: string,
): Promise<FoundPerson> {
	const linked = await storage.linkIdentity({
		userId,
		issuer,
		subject: profile.subject,
		provider,
		label: profile.label,
		verifiedEmail,
		epoch: null,
		events: [auditEvent("identity.linked", visitor, { userId, detail: { provider, automatic: true } })],
	});
	return linked === "linked" ? { ok: true, userId } : accountExists;
}

/** Makes the account of somebody new, with the address that they have proven, or that the provider has. */
export async function registerIdentity(
	engine: Engine,
	visitor: Visitor,
	{ id: provider }: Pick<OfferedProvider, "id">,
	{ issuer, profile }: Proven,
	{ email, fields }: { email: NewIdentifier | null; fields: string | null },
): Promise<FoundPerson> {
	const { storage } = engine;
	const id = uuidv7();
	const { subject, label } = profile;
	const name = nameField.safeParse(profile.name ?? "");
	const created = await storage.createUser({
		id,
		name: name.success ? name.data : null,
		identifiers: email === null ? [] : [email],
		emailIsProven: email !== null,
		language: languageOf(engine, visitor),
		fields,
		identities: [{ issuer, subject, provider, label }],
		password: null,
		session: null,
		replaces: null,
		events: [auditEvent("user.signed_up", visitor, { userId: id, detail: { method: provider } })],
	});
	if (created.ok) return { ok: true, userId: id };
	// Of two first sights at once one made the account, and the other signs in to it.
	const made = await storage.findUserByIdentity({ issuer, subject });
	return made === null ? accountExists : { ok: true, userId: made.id };
}
