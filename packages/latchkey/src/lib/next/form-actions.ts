import { cookies, headers } from "next/headers.js";
import type { Auth, Granted } from "../auth.ts";
import type { Engine } from "../engine.ts";
import type { ErrorCode, FieldErrors } from "../errors.ts";
import { cookieAttributes } from "../http/cookies.ts";
import { safeRedirect } from "../http/redirect.ts";

/** What a form shows after it was sent: why it did not work, and what was typed, secrets apart. */
export interface FormState {
	readonly ok: boolean;
	readonly code?: ErrorCode;
	readonly fields?: FieldErrors;
	readonly retryAfterSeconds?: number;
	/** What was typed, to be put back. Never a password: this state is written into the page. */
	readonly values: Readonly<Record<string, string>>;
}

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
			const result = await auth.signIn({ headers: await headers() }, { identifier, password: field(form, "password") });
			if (result.ok) return enter(result, form, await engine());
			const { ok, code, fields, retryAfterSeconds } = result;
			return {
				ok,
				code,
				...(fields && { fields }),
				...(retryAfterSeconds && { retryAfterSeconds }),
				values: { identifier },
			};
		},
		async signUp(_previous, form) {
			const values = {
				identifier: field(form, "identifier"),
				username: field(form, "username"),
				name: field(form, "name"),
			};
			const result = await auth.signUp(
				{ headers: await headers() },
				{
					...(values.identifier !== "" && { email: values.identifier }),
					...(values.username !== "" && { username: values.username }),
					name: values.name,
					password: field(form, "new_password"),
				},
			);
			if (result.ok) return enter(result, form, await engine());
			const { ok, code, retryAfterSeconds } = result;
			const fields = result.fields && formFields(result.fields);
			return { ok, code, ...(fields && { fields }), ...(retryAfterSeconds && { retryAfterSeconds }), values };
		},
	};
}

async function enter({ cookie }: Granted, form: FormData, { settings, options }: Engine): Promise<never> {
	(await cookies()).set(cookie.name, cookie.value, cookieAttributes(cookie));
	// Only when a form is sent: evaluated inside a route handler, this module of Next.js does not load.
	const { redirect } = await import("next/navigation.js");
	return redirect(safeRedirect(form.get("next"), { origin: settings.origin, fallback: options.pages.afterSignIn }));
}

function field(form: FormData, name: string): string {
	const value = form.get(name);
	return typeof value === "string" ? value : "";
}

/** The contract's field names as the form's, which are those that password managers know. */
function formFields({ email, password, ...others }: FieldErrors): FieldErrors {
	return {
		...others,
		...(email !== undefined && { identifier: email }),
		...(password !== undefined && { new_password: password }),
	};
}
