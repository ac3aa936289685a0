"use client";

import type { FormState } from "latchkey/next";
import type { Messages } from "@/messages/en";
import { changeEmail, requestEmailCode, requestPasswordReset } from "../../auth-actions";
import { ErrorSummary } from "../../ui/error-summary";
import { Field } from "../../ui/field";
import { SubmitButton } from "../../ui/submit-button";
import { failed, useForm } from "../../ui/use-form";
import { useTypedIdentifier } from "../typed-identifier";

const actions = { changeEmail, requestEmailCode, requestPasswordReset };

interface AddressFormProps {
	action: keyof typeof actions;
	state: FormState;
	next: string;
	label: string;
	submit: string;
	words: Messages["mail"];
	/** Whether the page has no other purpose. */
	alone?: boolean;
}

/** An address that a message goes to. */
export function AddressForm({ action, state: initial, next, label, submit, words, alone = true }: AddressFormProps) {
	const { state, pending, formProps } = useForm(actions[action], initial);
	const identifier = useTypedIdentifier();
	const known = alone && identifier.typed.includes("@") ? identifier.typed : "";
	return (
		<form {...formProps} className="space-y-5">
			<ErrorSummary state={state} />
			<input type="hidden" name="next" value={next} />
			<Field
				name="identifier"
				label={label}
				state={state}
				type="email"
				dir="auto"
				autoComplete={alone ? "username" : "email"}
				autoCapitalize="none"
				autoCorrect="off"
				spellCheck={false}
				enterKeyHint="send"
				required
				autoFocus={alone && !failed(initial)}
				defaultValue={state.values.identifier ?? known}
				onChange={alone ? identifier.keep : undefined}
			/>
			<SubmitButton pending={pending} pendingLabel={words.pending} className={alone ? "w-full" : ""}>
				{submit}
			</SubmitButton>
		</form>
	);
}
