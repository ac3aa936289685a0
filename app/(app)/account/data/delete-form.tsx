"use client";

import type { FormState } from "latchkey/next";
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
	/** Whoever has none has shown a passkey instead, a moment ago. */
	hasPassword: boolean;
	words: Messages["data"];
}

export function DeleteForm({ state: initial, identifier, hasPassword, words }: DeleteFormProps) {
	const { state, pending, formProps } = useForm(deleteAccount, initial);
	const { forms } = useFormWords();
	return (
		<form {...formProps} className="space-y-5">
			<ErrorSummary state={state} words={{ invalid_credentials: forms.codes.wrong_password }} />
			<input type="hidden" name="next" value="/goodbye" />
			{hasPassword && (
				<>
					<WhoseAccount identifier={identifier} />
					<PasswordField
						name="password"
						label={words.password}
						state={state}
						autoComplete="current-password"
						enterKeyHint="go"
						required
					/>
				</>
			)}
			<SubmitButton look="danger" pending={pending} pendingLabel={words.pending}>
				{words.submit}
			</SubmitButton>
		</form>
	);
}
