import { headers } from "next/headers.js";
import type { Auth } from "../auth.ts";
import { requestEmailCode } from "../email-codes/request-email-code.ts";
import { cancelEmailChange, startEmailChange } from "../email-verification/change-email.ts";
import { confirmEmail } from "../email-verification/confirm-email.ts";
import { requestVerification } from "../email-verification/request-verification.ts";
import type { Refusal } from "../errors.ts";
import { openMailLink } from "../mail/mail-link.ts";
import { forgottenMailLink, readMailLinkToken } from "../mail/open-mail-link.ts";
import { undoByLink } from "../mail/undo-by-link.ts";
import { requestPasswordReset } from "../password-reset/request-password-reset.ts";
import { resetPassword } from "../password-reset/reset-password.ts";
import { keepAccount } from "../users/deletion.ts";
import { parseEmail } from "../users/identifiers.ts";
import type { CurrentRequest } from "./current-session.ts";
import type { FormAction } from "./form-actions.ts";
import { answerSignIn, done, field, refuseForm, setCookie } from "./form-answers.ts";
import type { FormState } from "./form-state.ts";
import { signedInActions, visitorActions } from "./guarded-forms.ts";

/**
 * What goes through a mailbox, as forms. Those that a link leads to find it in the cookie that
 * `GET /api/auth/mail-links/{token}` left: no page has a token in its address.
 */
export interface MailActions {
	/** Field: `identifier` (an e-mail address). Has a link mailed; answers alike for every address. */
	readonly requestPasswordReset: FormAction;
	/** Field: `new_password`. By the link that the browser came by. Signs nobody in. */
	readonly resetPassword: FormAction;
	/** Field: `identifier` (an e-mail address). Has a code mailed that signs this browser in. */
	readonly requestEmailCode: FormAction;
	/** Field: `code`; without it, by the link that the browser came by. Then goes to `next`. */
	readonly signInByCode: FormAction;
	/** Field: `code`; without it, by the link that the browser came by. Proves an address, or finishes a sign-up. */
	readonly confirmEmail: FormAction;
	/** Has the code mailed that proves the address of whoever is signed in. */
	readonly requestVerification: FormAction;
	/** Field: `identifier` (an e-mail address). It takes the place of the present one once it is proven. */
	readonly changeEmail: FormAction;
	/** Drops the change of address that is pending. */
	readonly cancelEmailChange: FormAction;
	/** By the link that the browser came by: takes a change of address back, or keeps an account. */
	readonly undoByLink: FormAction;
	/** Keeps the account of whoever is signed in from being deleted. */
	readonly keepAccount: FormAction;
}

export function mailActions(auth: Pick<Auth, "signIn">, request: () => Promise<CurrentRequest>): MailActions {
	const anybody = visitorActions(request);
	const signedIn = signedInActions(request);
	return {
		requestPasswordReset: anybody(async ({ engine, visitor }, form) => {
			const email = parseEmail(field(form, "identifier"));
			const asked = email.ok ? await requestPasswordReset(engine, visitor, email) : noAddress(email.reason);
			return asked.ok ? done(engine, form) : refuseForm(engine, asked, { identifier: field(form, "identifier") });
		}),
		resetPassword: anybody(async ({ engine, visitor }, form) => {
			const link = readMailLinkToken(engine, visitor) ?? "";
			const reset = await resetPassword(engine, visitor, { link, newPassword: field(form, "new_password") });
			return reset.ok ? forget(engine, form) : refuseForm(engine, reset, {});
		}),
		requestEmailCode: anybody(async ({ engine, visitor }, form) => {
			const email = parseEmail(field(form, "identifier"));
			const asked = email.ok ? await requestEmailCode(engine, visitor, email) : noAddress(email.reason);
			if (!asked.ok) return refuseForm(engine, asked, { identifier: field(form, "identifier") });
			await setCookie(asked.cookie);
			// The link of an earlier message is of no use with the new code.
			return forget(engine, form);
		}),
		signInByCode: anybody(async ({ engine, visitor }, form) => {
			const code = form.has("code") ? field(form, "code") : codeOfLink({ engine, visitor });
			const result = await auth.signIn({ headers: await headers() }, { method: "email-code", code });
			if (!result.ok && result.code !== "second_factor_required") return refuseForm(engine, asCodeRefusal(result), {});
			await setCookie(forgottenMailLink(engine));
			return answerSignIn(engine, result, form, {});
		}),
		confirmEmail: anybody(async ({ engine, visitor, current }, form) => {
			const typed = form.has("code") ? field(form, "code") : (readMailLinkToken(engine, visitor) ?? "");
			const confirmed = await confirmEmail(engine, visitor, current, typed);
			if (!confirmed.ok) return refuseForm(engine, confirmed, {});
			if (confirmed.what !== "signed_up") return forget(engine, form);
			await setCookie(forgottenMailLink(engine));
			return answerSignIn(engine, confirmed.result, form, {});
		}),
		requestVerification: signedIn(async ({ engine, visitor, current }, form) => {
			const asked = await requestVerification(engine, visitor, current);
			return asked.ok ? forget(engine, form) : refuseForm(engine, asked, {});
		}),
		changeEmail: signedIn(async ({ engine, visitor, current }, form) => {
			const email = parseEmail(field(form, "identifier"));
			const asked = email.ok ? await startEmailChange(engine, visitor, current, email) : noAddress(email.reason);
			return asked.ok ? forget(engine, form) : refuseForm(engine, asked, { identifier: field(form, "identifier") });
		}),
		cancelEmailChange: signedIn(async ({ engine, visitor, current }, form) => {
			await cancelEmailChange(engine, visitor, current);
			return done(engine, form);
		}),
		undoByLink: anybody(async ({ engine, visitor }, form) => {
			const undone = await undoByLink(engine, visitor, readMailLinkToken(engine, visitor) ?? "");
			return undone.ok ? forget(engine, form) : refuseForm(engine, undone, {});
		}),
		keepAccount: signedIn(async ({ engine, visitor, current }, form) => {
			await keepAccount(engine, visitor, current);
			return done(engine, form);
		}),
	};
}

/** The link that the browser came by has done its work. */
async function forget(engine: CurrentRequest["engine"], form: FormData): Promise<FormState> {
	await setCookie(forgottenMailLink(engine));
	return done(engine, form);
}

function codeOfLink({ engine, visitor }: Pick<CurrentRequest, "engine" | "visitor">): string {
	const link = openMailLink(engine.mailLinks, readMailLinkToken(engine, visitor) ?? "");
	return link?.purpose === "sign-in-code" ? link.secret : "";
}

/** To a person who typed a code, that is what was wrong. */
function asCodeRefusal(refusal: Refusal): Refusal {
	const isWrong = refusal.code === "invalid_credentials" || refusal.code === "invalid_input";
	return isWrong ? { ok: false, code: "invalid_code" } : refusal;
}

function noAddress(reason: string): Refusal {
	return { ok: false, code: "invalid_input", fields: { email: reason } };
}
