"use client";

import type { FormState } from "latchkey/next";
import type { ReactNode } from "react";
import type { Messages } from "@/messages/en";
import { addTotp, removeTotp } from "../../../../auth-actions";
import { CodeField } from "../../../../ui/code-field";
import { ErrorSummary } from "../../../../ui/error-summary";
import { RecoveryCodes } from "../../../../ui/recovery-codes";
import { SubmitButton } from "../../../../ui/submit-button";
import { useForm } from "../../../../ui/use-form";

interface AddAppFormProps {
	state: FormState;
	enrolment: string;
	words: Messages["security"];
	/** The secret, to be scanned or typed. */
	children: ReactNode;
}

export function AddAppForm({ state: initial, enrolment, words, children }: AddAppFormProps) {
	const { state, pending, formProps } = useForm(addTotp, initial);
	if ("recoveryCodes" in state && state.recoveryCodes !== undefined) {
		return <RecoveryCodes codes={state.recoveryCodes} words={words} next="/account/security?saved" />;
	}
	return (
		<form {...formProps} className="space-y-5">
			<ErrorSummary state={state} words={{ invalid_credentials: words.app.wrong }} />
			{children}
			<input type="hidden" name="enrolment" value={enrolment} />
			<input type="hidden" name="next" value="/account/security?saved" />
			<CodeField label={words.app.code} hint={words.app.codeHint} state={state} />
			<p className="text-sm text-muted">{words.app.warning}</p>
			<SubmitButton pending={pending} pendingLabel={words.app.pending}>
				{words.app.submit}
			</SubmitButton>
		</form>
	);
}

export function RemoveAppForm({ state: initial, words }: { state: FormState; words: Messages["security"]["app"] }) {
	const { state, pending, formProps } = useForm(removeTotp, initial);
	return (
		<form {...formProps} className="space-y-4">
			<ErrorSummary state={state} />
			<input type="hidden" name="next" value="/account/security/app?removed" />
			<p className="text-muted">{words.removeLead}</p>
			<p className="text-muted">{words.warning}</p>
			<SubmitButton look="danger" pending={pending} pendingLabel={words.removing}>
				{words.remove}
			</SubmitButton>
		</form>
	);
}
