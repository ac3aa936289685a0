"use client";

import type { FormState, PendingAttempt } from "latchkey/next";
import Link from "next/link";
import type { ReactNode } from "react";
import type { Messages } from "@/messages/en";
import { finishSignIn } from "../../../auth-actions";
import { RecoveryCodes } from "../../../ui/recovery-codes";
import { useForm } from "../../../ui/use-form";
import { EnrolmentForms } from "./enrolment-forms";
import { SecondStepForms } from "./second-step-forms";

export interface SecondStepProps {
	state: FormState;
	/** `null` where nothing waits, or no longer. */
	attempt: PendingAttempt | null;
	enrolment: string;
	/** The factor that the page's address names. */
	chosen: string;
	next: string;
	words: Messages["security"];
	/** What is said of trusting this device; no `label` where it cannot be. */
	trust: { label: string | null; hint: string };
	/** The secret of an app, to be scanned or typed. */
	children: ReactNode;
}

/** One component for all of it, so that the answer that ends the attempt is still there when the page says that it ended. */
export function SecondStep({ children, ...props }: SecondStepProps) {
	const { attempt, words } = props;
	const form = useForm(finishSignIn, props.state);
	const { state } = form;
	if ("recoveryCodes" in state && state.recoveryCodes !== undefined) {
		return <RecoveryCodes codes={state.recoveryCodes} words={words} goOn={state.goOn} />;
	}
	if (attempt === null) {
		return (
			<div className="space-y-3" role="status">
				<p>{words.secondStep.expired}</p>
				<p>
					<Link className="link" href="/sign-in">
						{words.secondStep.signIn}
					</Link>
				</p>
			</div>
		);
	}
	if (attempt.enrolments.length > 0) {
		return (
			<EnrolmentForms {...props} enrolments={attempt.enrolments} form={form}>
				{children}
			</EnrolmentForms>
		);
	}
	return <SecondStepForms {...props} factors={attempt.factors} form={form} />;
}
