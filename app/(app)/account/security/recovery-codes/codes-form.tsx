"use client";

import type { FormState } from "latchkey/next";
import type { Messages } from "@/messages/en";
import { renewRecoveryCodes } from "../../../../auth-actions";
import { ErrorSummary } from "../../../../ui/error-summary";
import { RecoveryCodes } from "../../../../ui/recovery-codes";
import { SubmitButton } from "../../../../ui/submit-button";
import { useForm } from "../../../../ui/use-form";

interface CodesFormProps {
	state: FormState;
	/** How many there are, in words. */
	left: string;
	words: Messages["security"];
}

export function CodesForm({ state: initial, left, words }: CodesFormProps) {
	const { state, pending, formProps } = useForm(renewRecoveryCodes, initial);
	if ("recoveryCodes" in state && state.recoveryCodes !== undefined) {
		return <RecoveryCodes codes={state.recoveryCodes} words={words} goOn={state.goOn} />;
	}
	return (
		<form {...formProps} className="space-y-4">
			<ErrorSummary state={state} />
			<input type="hidden" name="next" value="/account/security" />
			<p className="font-medium">{left}</p>
			<p className="text-muted">{words.codes.replaces}</p>
			<SubmitButton pending={pending} pendingLabel={words.codes.making}>
				{words.codes.make}
			</SubmitButton>
		</form>
	);
}
