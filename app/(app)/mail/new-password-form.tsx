"use client";

import type { FormState } from "latchkey/next";
import type { Messages } from "@/messages/en";
import { resetPassword } from "../../auth-actions";
import { ErrorSummary } from "../../ui/error-summary";
import { PasswordField, WhoseAccount } from "../../ui/password-field";
import { SubmitButton } from "../../ui/submit-button";
import { failed, useForm } from "../../ui/use-form";

interface NewPasswordFormProps {
	state: FormState;
	email: string;
	words: Messages["mail"];
}

export function NewPasswordForm({ state: initial, email, words }: NewPasswordFormProps) {
	const { state, pending, formProps } = useForm(resetPassword, initial);
	return (
		<form {...formProps} className="space-y-5">
			<ErrorSummary state={state} />
			<input type="hidden" name="next" value="/sign-in?reset" />
			<WhoseAccount identifier={email} />
			<PasswordField
				name="new_password"
				label={words.password}
				hint={words.passwordHint}
				state={state}
				autoComplete="new-password"
				enterKeyHint="go"
				minLength={8}
				required
				autoFocus={!failed(initial)}
			/>
			<SubmitButton pending={pending} pendingLabel={words.pending} className="w-full">
				{words.reset.submit}
			</SubmitButton>
		</form>
	);
}
