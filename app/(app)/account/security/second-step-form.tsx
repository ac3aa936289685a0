"use client";

import type { FormState } from "latchkey/next";
import type { Messages } from "@/messages/en";
import { switchSecondStep } from "../../../auth-actions";
import { ErrorSummary } from "../../../ui/error-summary";
import { SubmitButton } from "../../../ui/submit-button";
import { useForm } from "../../../ui/use-form";

interface SecondStepFormProps {
	state: FormState;
	on: boolean;
	words: Messages["security"]["step"];
}

export function SecondStepForm({ state: initial, on, words }: SecondStepFormProps) {
	const { state, pending, formProps } = useForm(switchSecondStep, initial);
	return (
		<form {...formProps} className="space-y-3">
			<ErrorSummary state={state} />
			<input type="hidden" name="on" value={String(!on)} />
			<input type="hidden" name="next" value="/account/security?saved" />
			<SubmitButton look="secondary" pending={pending} pendingLabel={words.pending}>
				{on ? words.turnOff : words.turnOn}
			</SubmitButton>
		</form>
	);
}
