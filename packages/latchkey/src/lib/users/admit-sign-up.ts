import type { Engine } from "../engine.ts";
import type { Refusal } from "../errors.ts";
import { addressSubject, tooManyAttempts } from "../http/throttle.ts";
import type { Visitor } from "../http/visitor.ts";
import { checkNewPassword } from "../passwords/new-password.ts";
import type { Identifier } from "./identifiers.ts";
import { mergeFields } from "./own-fields.ts";
import type { SignUpInput } from "./sign-up.ts";

interface ByPassword extends Pick<SignUpInput, "password" | "fields"> {
	/** What is known of the newcomer, and so no password for them. */
	about: readonly (string | null)[];
}

/** What is needed of it to make the account. */
interface Admitted {
	readonly ok: true;
	/** The password as it is hashed. */
	readonly normalized: string;
	/** The fields as they are stored. */
	readonly fields: string | null;
}

/** Checks what a sign-up with a password comes with, and counts it. There is room to hash the password when it is admitted. */
export async function admitPasswordSignUp(
	engine: Engine,
	visitor: Visitor,
	{ password, about, fields }: ByPassword,
): Promise<Admitted | Refusal> {
	const policy = await checkNewPassword(engine, password, about);
	if (!policy.ok) return { ok: false, code: "invalid_input", fields: { password: policy.reason } };
	const own = mergeFields(engine.options.userFields, null, fields ?? {});
	if (!own.ok) return { ok: false, code: "invalid_input", fields: own.fields };
	engine.hasher.requireRoom();
	const admission = await admitSignUp(engine, visitor);
	return admission.ok ? { ok: true, normalized: policy.normalized, fields: own.stored } : admission;
}

/**
 * Where an address is proven before there is an account, it is needed, and a user name comes later: whether somebody has
 * that one is not to be asked by strangers.
 */
export function emailToProve({
	email,
	username,
}: Pick<SignUpInput, "email" | "username">): { readonly ok: true; readonly email: Identifier } | Refusal {
	if (email === undefined) return { ok: false, code: "invalid_input", fields: { email: "required" } };
	if (username !== undefined) return { ok: false, code: "invalid_input", fields: { username: "not_yet" } };
	return { ok: true, email };
}

/** Counts a sign-up from the visitor's address, or refuses it. */
export async function admitSignUp(engine: Engine, visitor: Visitor): Promise<{ readonly ok: true } | Refusal> {
	const admission = await engine.throttle.admit([{ rule: "signUpAddress", subject: addressSubject(engine, visitor) }]);
	return admission.ok ? { ok: true } : tooManyAttempts(admission);
}
