"use client";

import type { FormState } from "latchkey/next";
import type { Messages } from "@/messages/en";
import { reauthenticate } from "../../auth-actions";
import { ErrorSummary } from "../../ui/error-summary";
import { useFormWords } from "../../ui/form-words";
import { PasswordField, WhoseAccount } from "../../ui/password-field";
import { SubmitButton } from "../../ui/submit-button";
import { failed, useForm } from "../../ui/use-form";

interface ReauthenticateFormProps {
	state: FormState;
	next: string;
	identifier: string;
	words: Messages["reauthenticate"];
}

export function ReauthenticateForm({ state: initial, next, identifier, words }: ReauthenticateFormProps) {
	const { state, pending, formProps } = useForm(reauthenticate, initial);
	const { forms } = useFormWords();
	return (
		<form {...formProps} className="space-y-5">
			<ErrorSummary state={state} words={{ invalid_credentials: forms.codes.wrong_password }} />
			<input type="hidden" name="next" value={next} />
			<WhoseAccount identifier={identifier} />
			<PasswordField
				name="password"
				label={words.password}
				state={state}
				autoComplete="current-password"
				enterKeyHint="go"
				required
				autoFocus={!failed(initial)}
			/>
			<SubmitButton pending={pending} pendingLabel={words.pending} className="w-full">
				{words.submit}
			</SubmitButton>
		</form>
	);
}
