import type { Auth } from "../auth.ts";
import type { Engine } from "../engine.ts";
import type { AccountActions } from "./account-actions.ts";
import type { CompletionActions } from "./completion-actions.ts";
import type { ConnectionActions } from "./connection-actions.ts";
import type { CurrentRequest } from "./current-session.ts";
import type { FormState } from "./form-state.ts";
import type { MailActions } from "./mail-actions.ts";
import type { SecurityActions } from "./security-actions.ts";
import type { SignInActions } from "./sign-in-actions.ts";
import type { TrustedDeviceActions } from "./trusted-device-actions.ts";

/** An action for `useActionState`; works without JavaScript too. */
export type FormAction = (previous: FormState, form: FormData) => Promise<FormState>;

/** Actions for forms. Where they succeed they redirect, or answer with `ok`. Every form may name where to go by `next`. */
export interface FormActions
	extends SignInActions,
		AccountActions,
		CompletionActions,
		ConnectionActions,
		MailActions,
		SecurityActions,
		TrustedDeviceActions {}

/** The actions by name. The code behind them is loaded when the first of its group is called. */
export function formActions(
	auth: Pick<Auth, "signIn" | "signUp" | "finishSignIn">,
	engine: () => Promise<Engine>,
	request: () => Promise<CurrentRequest>,
): FormActions {
	return {
		...late(["signIn", "signUp"], async () => {
			const { signInActions } = await import("./sign-in-actions.ts");
			return signInActions(auth, engine, request);
		}),
		...late(
			["reauthenticate", "changePassword", "updateProfile", "endSession", "endOtherSessions", "deleteAccount"],
			async () => {
				const { accountActions } = await import("./account-actions.ts");
				return accountActions(request);
			},
		),
		...late(["forgetTrustedDevice"], async () => {
			const { trustedDeviceActions } = await import("./trusted-device-actions.ts");
			return trustedDeviceActions(request);
		}),
		...late(["completeSignUp"], async () => {
			const { completionActions } = await import("./completion-actions.ts");
			return completionActions(request);
		}),
		...late(["disconnect"], async () => {
			const { connectionActions } = await import("./connection-actions.ts");
			return connectionActions(request);
		}),
		...late(
			[
				"finishSignIn",
				"dropSignIn",
				"addTotp",
				"renameTotp",
				"removeTotp",
				"renewRecoveryCodes",
				"switchSecondStep",
				"addPasskey",
				"signUpWithPasskey",
				"setFirstPassword",
				"renamePasskey",
				"removePasskey",
			],
			async () => {
				const { securityActions } = await import("./security-actions.ts");
				return securityActions(auth, request);
			},
		),
		...late(
			[
				"requestPasswordReset",
				"resetPassword",
				"requestEmailCode",
				"signInByCode",
				"confirmEmail",
				"requestVerification",
				"changeEmail",
				"cancelEmailChange",
				"undoByLink",
				"keepAccount",
			],
			async () => {
				const { mailActions } = await import("./mail-actions.ts");
				return mailActions(auth, request);
			},
		),
	};
}

/** A group of actions that is loaded by the first call. That none is forgotten here, the compiler sees to. */
function late<Name extends string>(
	names: readonly Name[],
	load: () => Promise<Readonly<Record<Name, FormAction>>>,
): Readonly<Record<Name, FormAction>> {
	const actions = names.map((name): [Name, FormAction] => [
		name,
		async (previous, form) => (await load())[name](previous, form),
	]);
	return Object.fromEntries(actions) as Record<Name, FormAction>;
}
