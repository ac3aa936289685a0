import { headers } from "next/headers.js";
import type { Auth } from "../auth.ts";
import type { Engine } from "../engine.ts";
import { type AccountActions, accountActions } from "./account-actions.ts";
import type { CurrentRequest } from "./current-session.ts";
import { answerSignIn, field, jsonField } from "./form-answers.ts";
import type { FormState } from "./form-state.ts";
import { type SecurityActions, securityActions } from "./security-actions.ts";

/** An action for `useActionState`; works without JavaScript too. */
export type FormAction = (previous: FormState, form: FormData) => Promise<FormState>;

/** Actions for forms. Where they succeed they redirect, or answer with `ok`. Every form may name where to go by `next`. */
export interface FormActions extends AccountActions, SecurityActions {
	/** Fields: `identifier`, `password`; or `credential`, a passkey's answer as JSON. */
	readonly signIn: FormAction;
	/** Fields: `identifier` (an e-mail address), `username`, `name`, `new_password`. */
	readonly signUp: FormAction;
}

export function formActions(
	auth: Pick<Auth, "signIn" | "signUp" | "finishSignIn">,
	engine: () => Promise<Engine>,
	request: () => Promise<CurrentRequest>,
): FormActions {
	return {
		...accountActions(request),
		...securityActions(auth, request),
		async signIn(_previous, form) {
			const identifier = field(form, "identifier");
			const credential = jsonField(form, "credential");
			const input = credential === undefined ? { identifier, password: field(form, "password") } : { credential };
			const result = await auth.signIn({ headers: await headers() }, input);
			const opened = await engine();
			return answerSignIn(opened, result, form, { identifier });
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
			const opened = await engine();
			return answerSignIn(opened, result, form, { identifier, username, name });
		},
	};
}
