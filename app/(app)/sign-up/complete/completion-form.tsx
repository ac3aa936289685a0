"use client";

import type { FormState } from "latchkey/next";
import type { Messages } from "@/messages/en";
import { completeSignUp } from "../../../auth-actions";
import { ErrorSummary } from "../../../ui/error-summary";
import { Field } from "../../../ui/field";
import { SubmitButton } from "../../../ui/submit-button";
import { failed, useForm } from "../../../ui/use-form";

interface CompletionFormProps {
	state: FormState;
	/** As the provider says it, to begin with. */
	email: string;
	mayGoWithout: boolean;
	next: string;
	words: Messages["providers"]["complete"];
}

/** One form for both ways on: a code to the address, or none. */
export function CompletionForm({ state: initial, email, mayGoWithout, next, words }: CompletionFormProps) {
	const { state, pending, formProps } = useForm(completeSignUp, initial);
	return (
		<form {...formProps} className="space-y-5">
			<ErrorSummary state={state} words={{ sign_in_expired: words.gone }} />
			<input type="hidden" name="next" value={next} />
			<Field
				name="identifier"
				label={words.email}
				hint={words.emailHint}
				state={state}
				type="email"
				dir="auto"
				autoComplete="username"
				autoCapitalize="none"
				autoCorrect="off"
				spellCheck={false}
				enterKeyHint="send"
				required
				autoFocus={!failed(initial)}
				defaultValue={state.values.identifier ?? email}
			/>
			<SubmitButton pending={pending} pendingLabel={words.pending} className="w-full">
				{words.submit}
			</SubmitButton>
			{mayGoWithout && (
				<SubmitButton
					name="without"
					value="true"
					look="secondary"
					className="w-full"
					formNoValidate
					pending={pending}
					pendingLabel={words.pending}
				>
					{words.without}
				</SubmitButton>
			)}
		</form>
	);
}
