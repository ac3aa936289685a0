"use client";

import type { FormState } from "latchkey/next";
import type { Messages } from "@/messages/en";
import { setFirstPassword } from "../../../auth-actions";
import { ErrorSummary } from "../../../ui/error-summary";
import { useFormWords } from "../../../ui/form-words";
import { PasswordField, WhoseAccount } from "../../../ui/password-field";
import { SubmitButton } from "../../../ui/submit-button";
import { useForm } from "../../../ui/use-form";

interface FirstPasswordFormProps {
	state: FormState;
	identifier: string;
	words: Messages["password"];
}

/** For an account that has no password to change. */
export function FirstPasswordForm({ state: initial, identifier, words }: FirstPasswordFormProps) {
	const { state, pending, formProps } = useForm(setFirstPassword, initial);
	const { forms } = useFormWords();
	return (
		<form {...formProps} className="space-y-5">
			<ErrorSummary state={state} />
			<p className="text-sm text-muted">{forms.allNeeded}</p>
			<input type="hidden" name="next" value="/account/password?saved=first" />
			<WhoseAccount identifier={identifier} />
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
			<p className="text-sm text-muted">{words.first.warning}</p>
			<SubmitButton pending={pending} pendingLabel={words.first.pending}>
				{words.first.submit}
			</SubmitButton>
		</form>
	);
}
