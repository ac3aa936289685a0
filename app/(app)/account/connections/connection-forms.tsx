"use client";

import type { FormState } from "latchkey/next";
import { createContext, type ReactNode, use, useState } from "react";
import { disconnect } from "../../../auth-actions";
import { ErrorSummary } from "../../../ui/error-summary";
import { SubmitButton } from "../../../ui/submit-button";
import { useForm } from "../../../ui/use-form";

const PendingContext = createContext(false);

interface DisconnectFormProps {
	state: FormState;
	lastWayIn: string;
	children: ReactNode;
}

/** One form around all connections: each button of it takes its own away. */
export function DisconnectForm({ state: initial, lastWayIn, children }: DisconnectFormProps) {
	const { state, pending, formProps } = useForm(disconnect, initial);
	return (
		<form {...formProps}>
			<input type="hidden" name="next" value="/account/connections?done=disconnected" />
			<div className="empty:hidden [&:not(:empty)]:pt-5">
				<ErrorSummary state={state} words={{ last_way_in: lastWayIn }} />
			</div>
			<PendingContext value={pending}>{children}</PendingContext>
		</form>
	);
}

interface DisconnectButtonProps {
	id: string;
	label: string;
	/** The label with the provider in it, for those who do not see which row it stands in. */
	description: string;
	pendingLabel: string;
}

export function DisconnectButton({ id, label, description, pendingLabel }: DisconnectButtonProps) {
	const pending = use(PendingContext);
	const [pressed, setPressed] = useState(false);
	return (
		<SubmitButton
			name="id"
			value={id}
			aria-label={description}
			look="secondary"
			pending={pending && pressed}
			pendingLabel={pendingLabel}
			onClick={() => setPressed(true)}
		>
			{label}
		</SubmitButton>
	);
}
