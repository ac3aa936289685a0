import { headers } from "next/headers.js";
import type { Auth } from "../auth.ts";
import type { Engine } from "../engine.ts";
import { type Refusal, toRefusal } from "../errors.ts";
import { parseInput } from "../http/field-errors.ts";
import { requireSameOrigin } from "../http/handle-request.ts";
import type { CookieToSet } from "../sessions/session-cookie.ts";
import { withEditableFields } from "../users/own-fields.ts";
import { signUpInput } from "../users/sign-up.ts";
import { requestSignUp } from "../users/sign-up-by-mail.ts";
import type { CurrentRequest } from "./current-session.ts";
import type { FormAction } from "./form-actions.ts";
import { answerSignIn, emptyAsNull, field, goToCode, jsonField, ownFields, refuseForm } from "./form-answers.ts";
import type { FormState } from "./form-state.ts";

/** The way in, as forms. */
export interface SignInActions {
	/** Fields: `identifier`, `password`; or `credential`, a passkey's answer as JSON. */
	readonly signIn: FormAction;
	/**
	 * Fields: `identifier` (an e-mail address), `username`, `name`, `new_password`, and editable `userFields`. Where addresses
	 * must be proven first, it goes to the page where the mailed code is typed.
	 */
	readonly signUp: FormAction;
}

export function signInActions(
	auth: Pick<Auth, "signIn" | "signUp">,
	engine: () => Promise<Engine>,
	request: () => Promise<CurrentRequest>,
): SignInActions {
	return {
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
			const opened = await engine();
			const own = ownFields(opened, form);
			const input = {
				...emptyAsNull(own),
				...(identifier !== "" && { email: identifier }),
				...(username !== "" && { username }),
				name,
				password: field(form, "new_password"),
			};
			const values = { identifier, username, name, ...own };
			if (opened.options.emailVerification === "required") return signUpByMail(await request(), input, form, values);
			const result = await auth.signUp({ headers: await headers() }, input);
			const isRefused = !result.ok && result.code !== "second_factor_required";
			return answerSignIn(opened, isRefused ? withNewPassword(result) : result, form, values);
		},
	};
}

/** What the contract calls a password is, in the form of somebody who registers, a new one. */
function withNewPassword(refusal: Refusal): Refusal {
	if (refusal.fields === undefined) return refusal;
	const { password, ...fields } = refusal.fields;
	return { ...refusal, fields: { ...fields, ...(password !== undefined && { newPassword: password }) } };
}

/** The first half of a sign-up that a mailed code finishes. */
async function signUpByMail(
	{ engine, visitor }: CurrentRequest,
	input: unknown,
	form: FormData,
	values: FormState["values"],
): Promise<FormState> {
	let cookie: CookieToSet;
	try {
		requireSameOrigin(engine, visitor);
		const parsed = parseInput(withEditableFields(signUpInput, engine.options.userFields), input);
		const asked = parsed.ok ? await requestSignUp(engine, visitor, parsed.data) : parsed;
		if (!asked.ok) return await refuseForm(engine, withNewPassword(asked), values);
		cookie = asked.cookie;
	} catch (error) {
		return refuseForm(engine, toRefusal(error), values);
	}
	return goToCode(engine, cookie, form);
}
