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

interface AppFormsProps {
	state: FormState;
	/** When the app was added, in words; `null` while there is none. */
	added: string | null;
	enrolment: string;
	words: Messages["security"];
	/** The secret, to be scanned or typed. */
	children: ReactNode;
}

/** One component for both, so that the answer to adding an app is still there when the page says that there is one. */
export function AppForms({ state: initial, added, enrolment, words, children }: AppFormsProps) {
	const { state, pending, formProps } = useForm(addTotp, initial);
	if ("recoveryCodes" in state && state.recoveryCodes !== undefined) {
		return <RecoveryCodes codes={state.recoveryCodes} words={words} goOn={state.goOn} />;
	}
	if (added !== null) return <RemoveAppForm state={initial} added={added} words={words.app} />;
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

interface RemoveAppFormProps {
	state: FormState;
	added: string;
	words: Messages["security"]["app"];
}

function RemoveAppForm({ state: initial, added, words }: RemoveAppFormProps) {
	const { state, pending, formProps } = useForm(removeTotp, initial);
	return (
		<form {...formProps} className="space-y-4">
			<ErrorSummary state={state} />
			<input type="hidden" name="next" value="/account/security/app?removed" />
			<p className="font-medium">{added}</p>
			<p className="text-muted">{words.removeLead}</p>
			<p className="text-muted">{words.warning}</p>
			<SubmitButton look="danger" pending={pending} pendingLabel={words.removing}>
				{words.remove}
			</SubmitButton>
		</form>
	);
}
