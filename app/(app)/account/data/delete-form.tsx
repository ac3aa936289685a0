"use client";

import type { FormState } from "latchkey/next";
import { useEffect } from "react";
import type { Messages } from "@/messages/en";
import { deleteAccount } from "../../../auth-actions";
import { ErrorSummary } from "../../../ui/error-summary";
import { useFormWords } from "../../../ui/form-words";
import { PasswordField, WhoseAccount } from "../../../ui/password-field";
import { SubmitButton } from "../../../ui/submit-button";
import { useForm } from "../../../ui/use-form";

interface DeleteFormProps {
	state: FormState;
	identifier: string;
	words: Messages["data"];
}

export function DeleteForm({ state: initial, identifier, words }: DeleteFormProps) {
	const { state, pending, formProps } = useForm(deleteAccount, initial);
	const { forms } = useFormWords();
	const { leaveTo } = state;

	useEffect(() => {
		// A new document: nothing of the account stays in this one, or behind Back.
		if (leaveTo !== undefined) location.replace(leaveTo);
	}, [leaveTo]);

	return (
		<form {...formProps} className="space-y-5">
			<ErrorSummary state={state} words={{ invalid_credentials: forms.codes.wrong_password }} />
			<WhoseAccount identifier={identifier} />
			<PasswordField
				name="password"
				label={words.password}
				state={state}
				autoComplete="current-password"
				enterKeyHint="go"
				required
			/>
			<SubmitButton look="danger" pending={pending || leaveTo !== undefined} pendingLabel={words.pending}>
				{words.submit}
			</SubmitButton>
		</form>
	);
}
