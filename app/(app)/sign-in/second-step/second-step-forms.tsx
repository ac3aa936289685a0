"use client";

import type { FactorName, FormState } from "latchkey/next";
import { askForPasskey } from "latchkey/passkeys";
import Link from "next/link";
import type { Messages } from "@/messages/en";
import { dropSignIn, finishSignIn } from "../../../auth-actions";
import { button } from "../../../ui/button";
import { CodeField, RecoveryCodeField } from "../../../ui/code-field";
import { ErrorSummary } from "../../../ui/error-summary";
import { PasskeyForm } from "../../../ui/passkey-form";
import { SubmitButton } from "../../../ui/submit-button";
import { failed, useForm } from "../../../ui/use-form";
import type { SecondStepProps } from "./second-step";
import { TrustChoice } from "./trust-choice";

type Form = ReturnType<typeof useForm<FormState>>;

interface SecondStepFormsProps extends Pick<SecondStepProps, "state" | "chosen" | "next" | "trust"> {
	factors: readonly FactorName[];
	form: Form;
	words: Messages["security"];
}

const untouched: FormState = { ok: false, values: {} };

/** One factor at a time, and links to the others. */
export function SecondStepForms({ state, form, factors, chosen, next, trust, words: all }: SecondStepFormsProps) {
	const words = all.secondStep;
	const codes = factors.filter((factor) => factor !== "passkey");
	const shown = codes.find((factor) => factor === chosen) ?? codes[0];
	const links = { totp: words.useApp, recovery_code: words.useRecovery } as const;
	return (
		<div className="space-y-5">
			{factors.includes("passkey") && (
				<PasskeyForm
					action={finishSignIn}
					ceremony={() => askForPasskey({ for: "second-step" })}
					label={words.usePasskey}
					pendingLabel={all.passkeySignIn.pending}
					values={{ factor: "passkey", next }}
					look={shown === "totp" ? "secondary" : "primary"}
					words={{ insufficient_level: words.copied }}
				>
					{() => <TrustChoice {...trust} />}
				</PasskeyForm>
			)}
			{factors.includes("passkey") && shown === undefined && (
				<noscript>
					<p>{words.passkeyNeedsScript}</p>
				</noscript>
			)}
			{shown !== undefined && (
				<CodeForm initial={state} form={form} factor={shown} next={next} trust={trust} words={words} />
			)}
			<ul className="space-y-2">
				{codes
					.filter((factor) => factor !== shown)
					.map((factor) => (
						<li key={factor}>
							<Link
								className="link"
								href={`/sign-in/second-step?${new URLSearchParams({ with: factor, ...(next && { next }) })}`}
							>
								{links[factor]}
							</Link>
						</li>
					))}
			</ul>
			<StartOver label={words.startOver} />
		</div>
	);
}

interface CodeFormProps {
	initial: FormState;
	form: Form;
	factor: "totp" | "recovery_code";
	next: string;
	trust: SecondStepProps["trust"];
	words: Messages["security"]["secondStep"];
}

function CodeForm({ initial, form, factor, next, trust, words }: CodeFormProps) {
	const { state, pending, formProps } = form;
	const isApp = factor === "totp";
	return (
		<form key={factor} {...formProps} className="space-y-5">
			<ErrorSummary state={state} words={{ invalid_credentials: isApp ? words.wrongCode : words.wrongRecovery }} />
			<input type="hidden" name="factor" value={factor} />
			<input type="hidden" name="next" value={next} />
			{isApp ? (
				<CodeField label={words.code} state={state} autoFocus={!failed(initial)} />
			) : (
				<RecoveryCodeField
					label={words.recoveryCode}
					hint={words.recoveryHint}
					state={state}
					autoFocus={!failed(initial)}
				/>
			)}
			{isApp && <TrustChoice {...trust} checked={state.values.trust_device === "true"} />}
			<SubmitButton pending={pending} pendingLabel={words.pending} className="w-full">
				{words.submit}
			</SubmitButton>
		</form>
	);
}

export function StartOver({ label }: { label: string }) {
	const { formProps } = useForm(dropSignIn, untouched);
	return (
		<form {...formProps}>
			<button type="submit" className={button("quiet", "-mx-4")}>
				{label}
			</button>
		</form>
	);
}
