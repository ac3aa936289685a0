"use client";

import type { FactorName, FormState } from "latchkey/next";
import { makePasskey } from "latchkey/passkeys";
import { finishSignIn } from "../../../auth-actions";
import { CodeField } from "../../../ui/code-field";
import { ErrorSummary } from "../../../ui/error-summary";
import { PasskeyForm } from "../../../ui/passkey-form";
import { SubmitButton } from "../../../ui/submit-button";
import type { useForm } from "../../../ui/use-form";
import type { SecondStepProps } from "./second-step";
import { StartOver } from "./second-step-forms";

interface EnrolmentFormsProps extends Pick<SecondStepProps, "enrolment" | "next" | "words" | "children"> {
	enrolments: readonly FactorName[];
	form: ReturnType<typeof useForm<FormState>>;
}

/** For whoever must have a second factor and has none: set up on the way in. */
export function EnrolmentForms({ form, enrolments, enrolment, next, words, children }: EnrolmentFormsProps) {
	const { state, pending, formProps } = form;
	const both = enrolments.includes("totp");
	return (
		<div className="space-y-5">
			{both && (
				<form {...formProps} className="space-y-5">
					<ErrorSummary state={state} words={{ invalid_credentials: words.app.wrong }} />
					{children}
					<input type="hidden" name="factor" value="totp" />
					<input type="hidden" name="enrolment" value={enrolment} />
					<input type="hidden" name="next" value={next} />
					<CodeField label={words.app.code} hint={words.app.codeHint} state={state} />
					<SubmitButton pending={pending} pendingLabel={words.app.pending} className="w-full">
						{words.app.submit}
					</SubmitButton>
				</form>
			)}
			{enrolments.includes("passkey") && (
				<PasskeyForm
					action={finishSignIn}
					ceremony={() => makePasskey({ for: "enrolment" })}
					field="registration"
					label={both ? words.secondStep.enrolPasskey : words.secondStep.enrolPasskeyOnly}
					pendingLabel={words.passkeySignIn.pending}
					values={{ factor: "passkey", next }}
					look={both ? "secondary" : "primary"}
					words={{ insufficient_level: words.secondStep.copied }}
				/>
			)}
			{!both && (
				<noscript>
					<p>{words.secondStep.passkeyNeedsScript}</p>
				</noscript>
			)}
			<StartOver label={words.secondStep.startOver} />
		</div>
	);
}
