import type { Auth } from "../auth.ts";
import type { Engine } from "../engine.ts";
import type { Refusal } from "../errors.ts";
import { renewRecoveryCodes, switchSecondStep } from "../factors/manage-factors.ts";
import { ownName } from "../factors/own-name.ts";
import { fieldErrors, parseInput } from "../http/field-errors.ts";
import { addPasskey, newPasskeyInput, removePasskey, renamePasskey } from "../passkeys/manage-passkeys.ts";
import { attestationInput } from "../passkeys/responses.ts";
import { requestSignUpWithPasskey, signUpWithPasskey } from "../passkeys/sign-up-with-passkey.ts";
import { setFirstPassword } from "../passwords/first-password.ts";
import { dropAttempt } from "../second-step/pending-attempt.ts";
import { addTotp, newTotpInput, removeTotp, renameTotp } from "../totp/manage-totp.ts";
import type { CurrentRequest } from "./current-session.ts";
import type { FormAction } from "./form-actions.ts";
import {
	answerSignIn,
	done,
	field,
	goTo,
	goToCode,
	jsonField,
	refuseForm,
	setCookie,
	showCodes,
} from "./form-answers.ts";
import type { FormState } from "./form-state.ts";
import { signedInActions, visitorActions } from "./guarded-forms.ts";

/** The second step of a sign-in, and what people do with their second factors and passkeys, as forms. */
export interface SecurityActions {
	/**
	 * Fields: `factor` (`totp` or `recovery_code`), `code`, and `enrolment` where an app is set up on the way in; or `factor`
	 * `passkey` with `credential`, or with `registration` for a new one, as JSON. `trust_device` `true` where devices may be
	 * trusted. Finishes a sign-in and goes to `next`, unless there are `recoveryCodes` to show first.
	 */
	readonly finishSignIn: FormAction;
	/** Drops a sign-in that waits for its second step, and goes to the sign-in page. */
	readonly dropSignIn: FormAction;
	/** Fields: `enrolment`, `code`, and `name`, which may be left empty. Answers with `recoveryCodes` where some were made. */
	readonly addTotp: FormAction;
	/** Field: `name`. */
	readonly renameTotp: FormAction;
	readonly removeTotp: FormAction;
	/** Answers with `recoveryCodes`, and in `goOn` where to go then. */
	readonly renewRecoveryCodes: FormAction;
	/** Field: `on`, `true` or `false`. Whether a password alone is enough. */
	readonly switchSecondStep: FormAction;
	/** Fields: `credential`, the new passkey's answer as JSON, and `name`. */
	readonly addPasskey: FormAction;
	/** Field: `credential`, the new passkey's answer as JSON. Registers somebody without a password. */
	readonly signUpWithPasskey: FormAction;
	/** Field: `new_password`. A password for an account that has none. */
	readonly setFirstPassword: FormAction;
	/** Fields: `id`, `name`. */
	readonly renamePasskey: FormAction;
	/** Field: `id`. */
	readonly removePasskey: FormAction;
}

export function securityActions(
	auth: Pick<Auth, "finishSignIn">,
	request: () => Promise<CurrentRequest>,
): SecurityActions {
	const anybody = visitorActions(request);
	const signedIn = signedInActions(request);
	return {
		finishSignIn: anybody(async ({ engine, visitor }, form) => {
			const enrolment = field(form, "enrolment");
			const trust = field(form, "trust_device");
			const input = {
				factor: field(form, "factor"),
				code: field(form, "code"),
				...(enrolment !== "" && { enrolment }),
				...(trust === "true" && { trustDevice: true }),
				credential: jsonField(form, "credential"),
				registration: jsonField(form, "registration"),
			};
			return answerSignIn(engine, await auth.finishSignIn(visitor, input), form, { enrolment, trust_device: trust });
		}),
		dropSignIn: anybody(async ({ engine, visitor }) => {
			await setCookie(await dropAttempt(engine, visitor));
			return goTo(engine.options.pages.signIn);
		}),
		addTotp: signedIn(async ({ engine, visitor, current }, form) => {
			const [enrolment, name] = [field(form, "enrolment"), field(form, "name")];
			const input = { enrolment, code: field(form, "code"), ...(name !== "" && { name }) };
			const parsed = parseInput(newTotpInput, input);
			const values = { enrolment, name };
			if (!parsed.ok) return refuseForm(engine, parsed, values);
			return answerSignIn(engine, await addTotp(engine, visitor, current, parsed.data), form, values);
		}),
		renameTotp: signedIn(async ({ engine, visitor, current }, form) =>
			named(engine, form, {}, (name) => renameTotp(engine, visitor, current, name)),
		),
		removeTotp: signedIn(async ({ engine, visitor, current }, form) =>
			say(engine, await removeTotp(engine, visitor, current), form),
		),
		renewRecoveryCodes: signedIn(async ({ engine, visitor, current }, form) => {
			const renewed = await renewRecoveryCodes(engine, visitor, current);
			return renewed.ok ? showCodes(engine, renewed.codes, form) : refuseForm(engine, renewed, {});
		}),
		switchSecondStep: signedIn(async ({ engine, visitor, current }, form) =>
			say(engine, await switchSecondStep(engine, visitor, current, field(form, "on") === "true"), form),
		),
		addPasskey: signedIn(async ({ engine, visitor, current }, form) => {
			const typed = field(form, "name");
			const input = { credential: jsonField(form, "credential"), ...(typed !== "" && { name: typed }) };
			const parsed = parseInput(newPasskeyInput, input);
			if (!parsed.ok) return refuseForm(engine, parsed, { name: typed });
			return say(engine, await addPasskey(engine, visitor, current, parsed.data), form, { name: typed });
		}),
		signUpWithPasskey: anybody(async ({ engine, visitor }, form) => {
			const parsed = attestationInput.safeParse(jsonField(form, "credential"));
			if (!parsed.success) return refuseForm(engine, { ok: false, code: "invalid_credentials" }, {});
			if (engine.options.emailVerification !== "required")
				return answerSignIn(engine, await signUpWithPasskey(engine, visitor, parsed.data), form, {});
			const asked = await requestSignUpWithPasskey(engine, visitor, parsed.data);
			return asked.ok ? goToCode(engine, asked.cookie, form) : refuseForm(engine, asked, {});
		}),
		setFirstPassword: signedIn(async ({ engine, visitor, current }, form) =>
			say(engine, await setFirstPassword(engine, visitor, current, field(form, "new_password")), form),
		),
		renamePasskey: signedIn(async ({ engine, visitor, current }, form) => {
			const id = field(form, "id");
			return named(engine, form, { id }, (name) => renamePasskey(engine, visitor, current, { id, name }));
		}),
		removePasskey: signedIn(async ({ engine, visitor, current }, form) => {
			const id = field(form, "id");
			return say(engine, await removePasskey(engine, visitor, current, id), form, { id });
		}),
	};
}

/** Gives something the name in the form's field `name`. */
async function named(
	engine: Engine,
	form: FormData,
	values: FormState["values"],
	rename: (name: string) => Promise<{ readonly ok: true } | Refusal>,
): Promise<FormState> {
	const typed = { ...values, name: field(form, "name") };
	const name = ownName.safeParse(typed.name);
	if (!name.success) {
		const { body = "invalid" } = fieldErrors(name.error, typed.name);
		return refuseForm(engine, { ok: false, code: "invalid_input", fields: { name: body } }, typed);
	}
	return say(engine, await rename(name.data), form, typed);
}

function say(
	engine: Engine,
	result: { readonly ok: true } | Refusal,
	form: FormData,
	values: FormState["values"] = {},
): Promise<FormState> {
	return result.ok ? done(engine, form) : refuseForm(engine, result, values);
}
