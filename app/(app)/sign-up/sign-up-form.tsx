"use client";

import type { FormState } from "latchkey/next";
import Link from "next/link";
import type { Messages } from "@/messages/en";
import { signUp } from "../../auth-actions";
import { ErrorSummary } from "../../ui/error-summary";
import { Field } from "../../ui/field";
import { useFormWords } from "../../ui/form-words";
import { PasswordField } from "../../ui/password-field";
import { SubmitButton } from "../../ui/submit-button";
import { failed, useForm } from "../../ui/use-form";
import { withNext } from "../next-place";
import { useTypedIdentifier } from "../typed-identifier";

interface SignUpFormProps {
	state: FormState;
	next: string;
	words: Messages["signUp"];
}

export function SignUpForm({ state: initial, next, words }: SignUpFormProps) {
	const { state, pending, formProps } = useForm(signUp, initial);
	const { forms } = useFormWords();
	const identifier = useTypedIdentifier();
	return (
		<form {...formProps} className="space-y-5">
			<ErrorSummary state={state} />
			<p className="text-sm text-muted">{forms.needed}</p>
			<input type="hidden" name="next" value={next} />
			<div className="space-y-2">
				<Field
					name="identifier"
					label={words.identifier}
					state={state}
					type="email"
					dir="auto"
					autoComplete="username"
					autoCapitalize="none"
					autoCorrect="off"
					spellCheck={false}
					enterKeyHint="next"
					required
					autoFocus={!failed(initial)}
					defaultValue={state.values.identifier ?? (identifier.typed.includes("@") ? identifier.typed : "")}
					onChange={identifier.keep}
				/>
				{state.fields?.identifier === "taken" && (
					<Link className="link inline-block text-sm" href={withNext("/sign-in", next)}>
						{words.signInInstead}
					</Link>
				)}
			</div>
			<Field
				name="name"
				label={words.name}
				hint={words.nameHint}
				state={state}
				type="text"
				dir="auto"
				autoComplete="name"
				enterKeyHint="next"
				defaultValue={state.values.name}
			/>
			<PasswordField
				name="new_password"
				label={words.password}
				hint={words.passwordHint}
				state={state}
				autoComplete="new-password"
				enterKeyHint="go"
				minLength={8}
				required
			/>
			<SubmitButton pending={pending} pendingLabel={words.pending} className="w-full">
				{words.submit}
			</SubmitButton>
		</form>
	);
}
