import type { Engine } from "../engine.ts";
import { checkPassword } from "./password-policy.ts";

const maxPasswordLength = 256;

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
