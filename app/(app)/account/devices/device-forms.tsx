"use client";

import type { FormState } from "latchkey/next";
import { createContext, type ReactNode, use, useState } from "react";
import type { Messages } from "@/messages/en";
import { endOtherSessions, endSession } from "../../../auth-actions";
import { ErrorSummary } from "../../../ui/error-summary";
import { SubmitButton } from "../../../ui/submit-button";
import { useForm } from "../../../ui/use-form";

const PendingContext = createContext(false);

/** One form around all devices: each button of it ends its own. */
export function EndSessionForm({ state: initial, children }: { state: FormState; children: ReactNode }) {
	const { state, pending, formProps } = useForm(endSession, initial);
	return (
		<form {...formProps}>
			<input type="hidden" name="next" value="/account/devices?done=one" />
			<div className="empty:hidden [&:not(:empty)]:pt-5">
				<ErrorSummary state={state} />
			</div>
			<PendingContext value={pending}>{children}</PendingContext>
		</form>
	);
}

interface EndSessionButtonProps {
	id: string;
	label: string;
	/** The label with the device in it, for those who do not see which row it stands in. */
	description: string;
	pendingLabel: string;
}

export function EndSessionButton({ id, label, description, pendingLabel }: EndSessionButtonProps) {
	const pending = use(PendingContext);
	const [pressed, setPressed] = useState(false);
	return (
		<SubmitButton
			name="id"
			value={id}
			aria-label={description}
			look="secondary"
			className="ms-9 sm:ms-0"
			pending={pending && pressed}
			pendingLabel={pendingLabel}
			onClick={() => setPressed(true)}
		>
			{label}
		</SubmitButton>
	);
}

const untouched: FormState = { ok: false, values: {} };

export function EndOthersForm({ words }: { words: Messages["devices"] }) {
	const { state, pending, formProps } = useForm(endOtherSessions, untouched);
	return (
		<form {...formProps} className="space-y-3">
			<ErrorSummary state={state} />
			<input type="hidden" name="next" value="/account/devices?done=others" />
			<p className="text-muted">{words.endOthersHint}</p>
			<SubmitButton look="danger" pending={pending} pendingLabel={words.pending}>
				{words.endOthers}
			</SubmitButton>
		</form>
	);
}
