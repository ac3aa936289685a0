import type { Engine } from "../engine.ts";
import type { Refusal } from "../errors.ts";
import type { UserRecord } from "../storage/storage.ts";
import { checkPassword } from "./password-policy.ts";

const maxPasswordLength = 256;

/** Judges the password that an account is to have from now on. There is room to hash it when it is accepted. */
export async function acceptNewPassword(
	engine: Engine,
	{ email, username, name }: UserRecord,
	newPassword: string,
): Promise<{ readonly ok: true; readonly normalized: string } | Refusal> {
	const policy = await checkNewPassword(engine, newPassword, [email, username, name]);
	if (!policy.ok) return { ok: false, code: "invalid_input", fields: { newPassword: policy.reason } };
	engine.hasher.requireRoom();
	return policy;
}

/** Judges a password that somebody chooses: not what it is made of, but whether others would guess it first. */
export function checkNewPassword(
	{ options, settings }: Engine,
	password: string,
	about: readonly (string | null)[],
): ReturnType<typeof checkPassword> {
	const site = options.name ?? new URL(settings.origin).hostname;
	return checkPassword(password, {
		minLength: options.minPasswordLength,
		maxLength: maxPasswordLength,
		context: [site, ...about.filter((word) => word !== null)],
	});
}
