"use client";

import type { FormState } from "latchkey/next";
import { askForPasskey } from "latchkey/passkeys";
import Link from "next/link";
import type { Messages } from "@/messages/en";
import { reauthenticate } from "../../auth-actions";
import { CodeField, RecoveryCodeField } from "../../ui/code-field";
import { ErrorSummary } from "../../ui/error-summary";
import { useFormWords } from "../../ui/form-words";
import { PasskeyForm } from "../../ui/passkey-form";
import { PasswordField, WhoseAccount } from "../../ui/password-field";
import { SubmitButton } from "../../ui/submit-button";
import { failed, useForm } from "../../ui/use-form";

type Factor = "password" | "totp" | "recovery_code";

interface ReauthenticateFormsProps {
	state: FormState;
	/** What can be typed, in the order in which it is offered. */
	factors: readonly Factor[];
	hasPasskey: boolean;
	/** The factor that the page's address names. */
	chosen: string;
	why: string;
	next: string;
	identifier: string;
	words: Messages["reauthenticate"];
	more: Messages["security"]["confirm"];
	codes: Messages["security"]["secondStep"];
}

/** Any proof that the person can give: one at a time, and links to the others. */
export function ReauthenticateForms(props: ReauthenticateFormsProps) {
	const { factors, hasPasskey, chosen, why, next, words, more } = props;
	const shown = factors.find((factor) => factor === chosen) ?? factors[0];
	const links = { password: more.usePassword, totp: more.useCode, recovery_code: more.useRecovery };
	const others = factors.filter((factor) => factor !== shown);
	const address = (factor: Factor) =>
		`/reauthenticate?${new URLSearchParams({ with: factor, ...(why && { why }), ...(next && { next }) })}` as const;
	return (
		<div className="space-y-5">
			{shown !== undefined && <TypedForm key={shown} {...props} factor={shown} />}
			{hasPasskey && (
				<PasskeyForm
					action={reauthenticate}
					ceremony={() => askForPasskey({ for: "reauthentication" })}
					label={more.usePasskey}
					pendingLabel={words.pending}
					values={{ factor: "passkey", next }}
					look={shown === undefined ? "primary" : "secondary"}
				/>
			)}
			{others.length > 0 && (
				<ul className="space-y-2">
					{others.map((factor) => (
						<li key={factor}>
							<Link className="link" href={address(factor)}>
								{links[factor]}
							</Link>
						</li>
					))}
				</ul>
			)}
		</div>
	);
}

function TypedForm(props: ReauthenticateFormsProps & { factor: Factor }) {
	const { state: initial, factor, next, identifier, words, more, codes } = props;
	const { state, pending, formProps } = useForm(reauthenticate, initial);
	const { forms } = useFormWords();
	const wrong = factor === "password" ? forms.codes.wrong_password : more.wrongCode;
	const autoFocus = !failed(initial);
	return (
		<form {...formProps} className="space-y-5">
			<ErrorSummary state={state} words={{ invalid_credentials: wrong }} />
			<input type="hidden" name="next" value={next} />
			{factor !== "password" && <input type="hidden" name="factor" value={factor} />}
			{factor === "password" && (
				<>
					<WhoseAccount identifier={identifier} />
					<PasswordField
						name="password"
						label={words.password}
						state={state}
						autoComplete="current-password"
						enterKeyHint="go"
						required
						autoFocus={autoFocus}
					/>
				</>
			)}
			{factor === "totp" && <CodeField label={codes.code} state={state} autoFocus={autoFocus} />}
			{factor === "recovery_code" && (
				<RecoveryCodeField label={codes.recoveryCode} hint={codes.recoveryHint} state={state} autoFocus={autoFocus} />
			)}
			<SubmitButton pending={pending} pendingLabel={words.pending} className="w-full">
				{words.submit}
			</SubmitButton>
		</form>
	);
}
