import { cookies, headers } from "next/headers.js";
import type { ErrorCode, FieldErrors } from "../errors.ts";
import { carriesCookie, cookieName } from "../http/cookies.ts";
import type { Settings } from "../settings.ts";

/** What a form shows after it was sent: why it did not work, and what was typed, secrets apart. */
export interface FormState {
	readonly ok: boolean;
	readonly code?: ErrorCode;
	readonly fields?: FieldErrors;
	readonly retryAfterSeconds?: number;
	/** Where to go by `location.replace`, when nothing of the present page may stay behind. */
	readonly leaveTo?: string;
	/** New recovery codes. They are shown in this answer and nowhere else. */
	readonly recoveryCodes?: readonly string[];
	/** With `recoveryCodes`: where to go on once they are kept. On this site, whatever the form's `next` said. */
	readonly goOn?: string;
	/** What was typed, to be put back. Never a password: this state is written into the page. */
	readonly values: Readonly<Record<string, string>>;
}

const untouchedForm: FormState = Object.freeze({ ok: false, values: {} });

/**
 * Without JavaScript the answer to a form is the page itself, rendered in the same request. React hands the state to
 * `useActionState` only where nothing of the page was prerendered, so the page reads it from here: a cookie that this
 * request's `cookies()` shows and that the browser is told to forget at once.
 */
export async function passOnFormState(state: FormState, settings: Settings): Promise<void> {
	if ((await headers()).get("next-action") !== null) return;
	const value = Buffer.from(JSON.stringify(state)).toString("base64url");
	(await cookies()).set(formCookieName(settings), value, {
		httpOnly: true,
		sameSite: "lax",
		path: "/",
		secure: settings.secure,
		maxAge: 0,
	});
}

/** The state that {@link passOnFormState} left during this request, or that of a form nobody has touched. */
export async function readFormState(settings: Settings): Promise<FormState> {
	const name = formCookieName(settings);
	const value = (await cookies()).get(name)?.value;
	// One that came with the request is somebody else's idea: we never let a browser keep it.
	if (!value || carriesCookie((await headers()).get("cookie"), [name])) return untouchedForm;
	return JSON.parse(Buffer.from(value, "base64url").toString("utf8")) as FormState;
}

function formCookieName(settings: Settings): string {
	return cookieName("form-state", settings.secure);
}
