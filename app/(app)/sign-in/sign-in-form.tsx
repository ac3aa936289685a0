"use client";

import type { FormState } from "latchkey/next";
import type { Messages } from "@/messages/en";
import { signIn } from "../../auth-actions";
import { ErrorSummary } from "../../ui/error-summary";
import { Field } from "../../ui/field";
import { PasswordField } from "../../ui/password-field";
import { SubmitButton } from "../../ui/submit-button";
import { failed, useForm } from "../../ui/use-form";
import { useTypedIdentifier } from "../typed-identifier";

interface SignInFormProps {
	state: FormState;
	next: string;
	words: Messages["signIn"];
}

export function SignInForm({ state: initial, next, words }: SignInFormProps) {
	const { state, pending, formProps } = useForm(signIn, initial);
	const identifier = useTypedIdentifier();
	return (
		<form {...formProps} className="space-y-5">
			<ErrorSummary state={state} />
			<input type="hidden" name="next" value={next} />
			<Field
				name="identifier"
				label={words.identifier}
				state={state}
				type="text"
				dir="auto"
				autoComplete="username webauthn"
				autoCapitalize="none"
				autoCorrect="off"
				spellCheck={false}
				enterKeyHint="next"
				required
				autoFocus={!failed(initial)}
				defaultValue={state.values.identifier ?? identifier.typed}
				onChange={identifier.keep}
			/>
			<PasswordField
				name="password"
				label={words.password}
				state={state}
				autoComplete="current-password"
				enterKeyHint="go"
				required
			/>
			<SubmitButton pending={pending} pendingLabel={words.pending} className="w-full">
				{words.submit}
			</SubmitButton>
		</form>
	);
}
