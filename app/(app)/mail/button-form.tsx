"use client";

import type { FormState } from "latchkey/next";
import type { Messages } from "@/messages/en";
import {
	cancelEmailChange,
	confirmEmail,
	keepAccount,
	requestVerification,
	signInByCode,
	undoByLink,
} from "../../auth-actions";
import { ErrorSummary } from "../../ui/error-summary";
import { SubmitButton } from "../../ui/submit-button";
import { useForm } from "../../ui/use-form";

const actions = { cancelEmailChange, confirmEmail, keepAccount, requestVerification, signInByCode, undoByLink };

interface ButtonFormProps {
	action: keyof typeof actions;
	state: FormState;
	next: string;
	label: string;
	words: Messages["mail"];
	look?: "primary" | "secondary";
}

/** A button that does what a link or a person asks for: following a link alone never does. */
export function ButtonForm({ action, state: initial, next, label, words, look = "primary" }: ButtonFormProps) {
	const { state, pending, formProps } = useForm(actions[action], initial);
	return (
		<form {...formProps} className="space-y-5">
			<ErrorSummary state={state} />
			<input type="hidden" name="next" value={next} />
			<SubmitButton look={look} pending={pending} pendingLabel={words.pending}>
				{label}
			</SubmitButton>
		</form>
	);
}
