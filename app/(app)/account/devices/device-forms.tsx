"use client";

import type { FormState } from "latchkey/next";
import { createContext, type ReactNode, use, useState } from "react";
import type { Messages } from "@/messages/en";
import { endOtherSessions, endSession, forgetTrustedDevice } from "../../../auth-actions";
import { ErrorSummary } from "../../../ui/error-summary";
import { SubmitButton } from "../../../ui/submit-button";
import { useForm } from "../../../ui/use-form";

const PendingContext = createContext(false);

interface DevicesFormProps {
	/** What is done to the device whose button is pressed. */
	act: keyof typeof acts;
	state: FormState;
	children: ReactNode;
}

const acts = {
	end: { action: endSession, next: "/account/devices?done=one" },
	forget: { action: forgetTrustedDevice, next: "/account/devices?done=forgotten" },
} as const;

/** One form around all devices: each button of it ends, or forgets, its own. */
export function DevicesForm({ act, state: initial, children }: DevicesFormProps) {
	const { action, next } = acts[act];
	const { state, pending, formProps } = useForm(action, initial);
	return (
		<form {...formProps}>
			<input type="hidden" name="next" value={next} />
			<div className="empty:hidden [&:not(:empty)]:pt-5">
				<ErrorSummary state={state} />
			</div>
			<PendingContext value={pending}>{children}</PendingContext>
		</form>
	);
}

interface DeviceButtonProps {
	id: string;
	label: string;
	/** The label with the device in it, for those who do not see which row it stands in. */
	description: string;
	pendingLabel: string;
}

export function DeviceButton({ id, label, description, pendingLabel }: DeviceButtonProps) {
	const pending = use(PendingContext);
	const [pressed, setPressed] = useState(false);
	return (
		<SubmitButton
			name="id"
			value={id}
			aria-label={description}
			look="secondary"
			className="ms-9 sm:ms-0 sm:whitespace-nowrap"
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
