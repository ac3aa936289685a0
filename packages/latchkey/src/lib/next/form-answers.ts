import { cookies } from "next/headers.js";
import type { Engine } from "../engine.ts";
import type { FieldErrors, Refusal } from "../errors.ts";
import { cookieAttributes } from "../http/cookies.ts";
import { safeRedirect } from "../http/redirect.ts";
import type { SecondFactorRequired } from "../second-step/pending-attempt.ts";
import { type CookieToSet, deviceCookies } from "../sessions/session-cookie.ts";
import { type FormState, passOnFormState } from "./form-state.ts";

/** Longer text is not put back: no field takes it, and without JavaScript it would have to pass in a header. */
const maxKeptLength = 400;

/** The text of a form's field; `""` when it is missing or a file. */
export function field(form: FormData, name: string): string {
	const value = form.get(name);
	return typeof value === "string" ? value : "";
}

/** The JSON in a form's field; `undefined` when it is empty or none. */
export function jsonField(form: FormData, name: string): unknown {
	const text = field(form, name);
	try {
		return text === "" ? undefined : JSON.parse(text);
	} catch {
		return undefined;
	}
}

/** What a form holds of the application's own fields, of those that people set themselves. An empty one is emptied. */
export function ownFields({ options }: Engine, form: FormData): Record<string, string> {
	const editable = Object.entries(options.userFields).filter(([name, own]) => own.editable === true && form.has(name));
	return Object.fromEntries(editable.map(([name]) => [name, field(form, name)]));
}

/** Empty text, as a form sends it, is nothing. */
export function emptyAsNull(typed: Readonly<Record<string, string>>): Record<string, string | null> {
	return Object.fromEntries(Object.entries(typed).map(([name, text]) => [name, text === "" ? null : text]));
}

/** Hands out a cookie and goes where the form's `next` says, on this site, or else to the page after sign-in. */
export async function enter(engine: Engine, cookie: CookieToSet, form: FormData): Promise<never> {
	await setCookie(cookie);
	const fallback = engine.options.pages.afterSignIn;
	return goTo(safeRedirect(form.get("next"), { origin: engine.settings.origin, fallback }));
}

/** What any way to sign in can come to. */
type Outcome =
	| {
			readonly ok: true;
			readonly cookie: CookieToSet;
			readonly otherCookies?: readonly CookieToSet[];
			readonly device?: CookieToSet;
			readonly trustedDevice?: CookieToSet;
			readonly recoveryCodes?: readonly string[];
	  }
	| Pick<SecondFactorRequired, "ok" | "code" | "cookie" | "otherCookies">
	| Refusal;

/**
 * The one place where the outcome of a sign-in becomes the answer to a form: in, on to the second step, or what was typed
 * and why not. New recovery codes are shown before anything else.
 */
export async function answerSignIn(
	engine: Engine,
	result: Outcome,
	form: FormData,
	values: FormState["values"],
): Promise<FormState> {
	if (!result.ok && result.code !== "second_factor_required") return refuseForm(engine, result, values);
	for (const cookie of result.otherCookies ?? []) await setCookie(cookie);
	if (!result.ok) {
		await setCookie(result.cookie);
		const next = safeRedirect(form.get("next"), { origin: engine.settings.origin, fallback: "" });
		const { secondStep } = engine.options.pages;
		return goTo(next === "" ? secondStep : `${secondStep}?next=${encodeURIComponent(next)}`);
	}
	await setDevice(result);
	if (result.recoveryCodes === undefined) return enter(engine, result.cookie, form);
	await setCookie(result.cookie);
	return showCodes(engine, result.recoveryCodes, form);
}

/** Shows recovery codes, this once. */
export async function showCodes(
	{ settings, options }: Engine,
	recoveryCodes: readonly string[],
	form: FormData,
): Promise<FormState> {
	const fallback = options.pages.afterSignIn;
	const goOn = safeRedirect(form.get("next"), { origin: settings.origin, fallback });
	const state: FormState = { ok: true, values: {}, recoveryCodes, goOn };
	await passOnFormState(state, settings);
	return state;
}

/** Says that it is done: by going where the form's `next` says, which is told of it as parameters, or else in place. */
export async function done(
	{ settings: { origin }, settings }: Engine,
	form: FormData,
	told: Readonly<Record<string, string>> = {},
): Promise<FormState> {
	const next = safeRedirect(form.get("next"), { origin, fallback: "" });
	if (next !== "") return goTo(withParameters(next, origin, told));
	const state: FormState = { ok: true, values: {} };
	await passOnFormState(state, settings);
	return state;
}

/** A place on this site, with parameters of ours. */
export function withParameters(place: string, origin: string, told: Readonly<Record<string, string>>): string {
	const url = new URL(place, origin);
	for (const [name, value] of Object.entries(told)) url.searchParams.set(name, value);
	return url.pathname + url.search + url.hash;
}

/** Says what did not work, with what was typed, secrets apart. */
export async function refuseForm(
	{ settings }: Engine,
	refusal: Refusal,
	values: FormState["values"],
): Promise<FormState> {
	const { code, fields, retryAfterSeconds } = refusal;
	const typed = Object.entries(values).filter(([, value]) => value.length <= maxKeptLength);
	const state: FormState = {
		ok: false,
		code,
		...(fields !== undefined && { fields: formFields(fields) }),
		...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
		values: Object.fromEntries(typed),
	};
	await passOnFormState(state, settings);
	return state;
}

export async function setCookie(cookie: CookieToSet): Promise<void> {
	(await cookies()).set(cookie.name, cookie.value, cookieAttributes(cookie));
}

/** The cookies of the device, which go along with that of a session. */
export async function setDevice(granted: Parameters<typeof deviceCookies>[0]): Promise<void> {
	for (const cookie of deviceCookies(granted)) await setCookie(cookie);
}

/** Goes to where a newcomer types the code that was mailed to them, and from there to the form's `next`. */
export async function goToCode({ options }: Engine, cookie: CookieToSet, form: FormData): Promise<never> {
	await setCookie(cookie);
	const next = field(form, "next");
	const { verifyEmail } = options.pages;
	return goTo(next === "" ? verifyEmail : `${verifyEmail}?next=${encodeURIComponent(next)}`);
}

export async function goTo(path: string): Promise<never> {
	// Not at the top: evaluated inside a route handler, this module of Next.js does not load.
	const { redirect } = await import("next/navigation.js");
	return redirect(path);
}

/** The contract's field names as the forms', which are those that password managers know. */
function formFields({ email, newPassword, currentPassword, ...others }: FieldErrors): FieldErrors {
	return {
		...others,
		...(email !== undefined && { identifier: email }),
		...(newPassword !== undefined && { new_password: newPassword }),
		...(currentPassword !== undefined && { current_password: currentPassword }),
	};
}
