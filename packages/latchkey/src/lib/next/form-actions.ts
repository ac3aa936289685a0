import { cookies, headers } from "next/headers.js";
import type { Auth, Granted, GrantResult } from "../auth.ts";
import type { Engine } from "../engine.ts";
import type { FieldErrors } from "../errors.ts";
import { cookieAttributes } from "../http/cookies.ts";
import { safeRedirect } from "../http/redirect.ts";
import type { Refusal } from "../sign-in/sign-in.ts";
import { type FormState, passOnFormState } from "./form-state.ts";

/** An action for `useActionState`; works without JavaScript too. When it succeeds it redirects. */
export type FormAction = (previous: FormState, form: FormData) => Promise<FormState>;

export interface FormActions {
	/** Fields: `identifier`, `password`, and `next` for where to go. */
	readonly signIn: FormAction;
	/** Fields: `identifier` (an e-mail address), `username`, `name`, `new_password`, and `next`. */
	readonly signUp: FormAction;
}

export function formActions(auth: Pick<Auth, "signIn" | "signUp">, engine: () => Promise<Engine>): FormActions {
	return {
		async signIn(_previous, form) {
			const identifier = field(form, "identifier");
			const input = { identifier, password: field(form, "password") };
			const result = await auth.signIn({ headers: await headers() }, input);
			return answer(result, form, { identifier }, await engine());
		},
		async signUp(_previous, form) {
			const [identifier, username, name] = [field(form, "identifier"), field(form, "username"), field(form, "name")];
			const input = {
				...(identifier !== "" && { email: identifier }),
				...(username !== "" && { username }),
				name,
				password: field(form, "new_password"),
			};
			const result = await auth.signUp({ headers: await headers() }, input);
			return answer(result, form, { identifier, username, name }, await engine());
		},
	};
}

async function answer(
	result: GrantResult,
	form: FormData,
	values: FormState["values"],
	engine: Engine,
): Promise<FormState> {
	if (result.ok) return enter(result, form, engine);
	const state = toFormState(result, values);
	await passOnFormState(state, engine.settings);
	return state;
}

async function enter({ cookie }: Granted, form: FormData, { settings, options }: Engine): Promise<never> {
	(await cookies()).set(cookie.name, cookie.value, cookieAttributes(cookie));
	// Only when a form is sent: evaluated inside a route handler, this module of Next.js does not load.
	const { redirect } = await import("next/navigation.js");
	return redirect(safeRedirect(form.get("next"), { origin: settings.origin, fallback: options.pages.afterSignIn }));
}

function toFormState({ code, fields, retryAfterSeconds }: Refusal, values: FormState["values"]): FormState {
	return {
		ok: false,
		code,
		...(fields !== undefined && { fields: formFields(fields) }),
		...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
		values,
	};
}

function field(form: FormData, name: string): string {
	const value = form.get(name);
	return typeof value === "string" ? value : "";
}

/** The contract's field names as the forms', which are those that password managers know. */
function formFields({ email, password, ...others }: FieldErrors): FieldErrors {
	return {
		...others,
		...(email !== undefined && { identifier: email }),
		...(password !== undefined && { new_password: password }),
	};
}
