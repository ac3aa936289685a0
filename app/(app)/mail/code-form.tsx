"use client";

import type { FormState } from "latchkey/next";
import type { Messages } from "@/messages/en";
import { confirmEmail, signInByCode } from "../../auth-actions";
import { ErrorSummary } from "../../ui/error-summary";
import { Field } from "../../ui/field";
import { SubmitButton } from "../../ui/submit-button";
import { failed, useForm } from "../../ui/use-form";

const actions = { confirmEmail, signInByCode };

interface CodeFormProps {
	action: keyof typeof actions;
	state: FormState;
	next: string;
	submit: string;
	hint: string;
	words: Messages["mail"];
}

/** One field for the whole code, as it is pasted and filled in. */
export function CodeForm({ action, state: initial, next, submit, hint, words }: CodeFormProps) {
	const { state, pending, formProps } = useForm(actions[action], initial);
	return (
		<form {...formProps} className="space-y-5">
			<ErrorSummary state={state} />
			<input type="hidden" name="next" value={next} />
			<Field
				name="code"
				label={words.code}
				hint={hint}
				state={state}
				type="text"
				dir="ltr"
				autoComplete="one-time-code"
				inputMode="numeric"
				pattern="[0-9 \-]*"
				autoCapitalize="none"
				autoCorrect="off"
				spellCheck={false}
				enterKeyHint="go"
				required
				autoFocus={!failed(initial)}
				className="tabular-nums tracking-widest"
			/>
			<SubmitButton pending={pending} pendingLabel={words.pending} className="w-full">
				{submit}
			</SubmitButton>
		</form>
	);
}
