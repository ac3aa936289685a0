"use client";

import type { FormState } from "latchkey/next";
import type { Messages } from "@/messages/en";
import { changePassword } from "../../../auth-actions";
import { ErrorSummary } from "../../../ui/error-summary";
import { useFormWords } from "../../../ui/form-words";
import { PasswordField, WhoseAccount } from "../../../ui/password-field";
import { SubmitButton } from "../../../ui/submit-button";
import { useForm } from "../../../ui/use-form";

interface PasswordFormProps {
	state: FormState;
	identifier: string;
	words: Messages["password"];
}

export function PasswordForm({ state: initial, identifier, words }: PasswordFormProps) {
	const { state, pending, formProps } = useForm(changePassword, initial);
	const { forms } = useFormWords();
	return (
		<form {...formProps} className="space-y-5">
			<ErrorSummary state={state} words={{ invalid_credentials: forms.codes.wrong_password }} />
			<p className="text-sm text-muted">{forms.allNeeded}</p>
			<input type="hidden" name="next" value="/account/password?saved" />
			<WhoseAccount identifier={identifier} />
			<PasswordField
				name="current_password"
				label={words.current}
				state={state}
				autoComplete="current-password"
				enterKeyHint="next"
				required
			/>
			<PasswordField
				name="new_password"
				label={words.new}
				hint={words.newHint}
				state={state}
				autoComplete="new-password"
				enterKeyHint="go"
				minLength={8}
				required
			/>
			<SubmitButton pending={pending} pendingLabel={words.pending}>
				{words.submit}
			</SubmitButton>
		</form>
	);
}
