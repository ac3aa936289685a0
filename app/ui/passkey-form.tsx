"use client";

import type { FormState } from "latchkey/next";
import { type PasskeyProblem, signalUnknownPasskey } from "latchkey/passkeys";
import { type ReactNode, useCallback, useEffect, useRef, useState } from "react";
import { button } from "./button";
import { ErrorSummary } from "./error-summary";
import { type Outcome, useForm } from "./use-form";

type Credential = { readonly id: string };

/** Asks the browser, and answers what goes into the form. */
export type Ceremony = () => Promise<Answered | PasskeyProblem>;

/** `rpId`: the domain that a used passkey is for. */
type Answered = { readonly ok: true; readonly credential: Credential; readonly rpId?: string };

interface PasskeyFormProps {
	action: (previous: FormState, form: FormData) => Promise<FormState>;
	ceremony: Ceremony;
	/** Waits beside the button for a passkey that is chosen among a field's suggestions. */
	autofill?: Ceremony;
	label: string;
	pendingLabel: string;
	/** The field that the answer goes into. Default `credential`. */
	field?: string;
	/** Hidden fields of the form. */
	values?: Readonly<Record<string, string>>;
	look?: Parameters<typeof button>[0];
	/** What to say instead of the usual words for a code. */
	words?: Partial<Record<string, string>>;
	/** Fields before the button. Gets what the form was answered. */
	children?: (state: Outcome) => ReactNode;
}

const untouched: FormState = { ok: false, values: {} };

/** A button that uses or makes a passkey and sends what came of it. Not there where no script runs. */
export function PasskeyForm(props: PasskeyFormProps) {
	const {
		action,
		ceremony,
		autofill,
		label,
		pendingLabel,
		field = "credential",
		values = {},
		look = "secondary",
	} = props;
	const { state, pending, formProps } = useForm(action, untouched);
	const [asking, setAsking] = useState(false);
	const [problem, setProblem] = useState<Outcome | null>(null);
	const input = useRef<HTMLInputElement>(null);
	const answered = useRef<Answered>(null);
	const busy = asking || pending;

	async function press() {
		if (busy) return;
		setAsking(true);
		setProblem(null);
		const result = await ceremony();
		setAsking(false);
		if (result.ok) send(result);
		else setProblem(toOutcome(result));
	}

	const send = useCallback((answer: Answered) => {
		if (input.current === null) return;
		answered.current = answer;
		input.current.value = JSON.stringify(answer.credential);
		input.current.form?.requestSubmit();
	}, []);

	// Once, for as long as the page is open: the browser shows the person's passkeys in the field.
	useEffect(() => {
		let here = true;
		autofill?.().then((result) => {
			if (here && result.ok) send(result);
		});
		return () => {
			here = false;
		};
	}, [autofill, send]);

	useEffect(() => {
		const { rpId, credential } = answered.current ?? {};
		if (state.code !== "unknown_passkey" || rpId === undefined || credential === undefined) return;
		void signalUnknownPasskey(rpId, credential.id);
	}, [state]);

	const shown = problem ?? state;
	return (
		<form {...formProps} className="hidden space-y-4 scripted:block">
			<ErrorSummary state={shown} words={props.words} />
			<input type="hidden" name={field} ref={input} />
			{Object.entries(values).map(([name, value]) => (
				<input key={name} type="hidden" name={name} value={value} />
			))}
			{props.children?.(shown)}
			<button type="button" onClick={press} aria-disabled={busy || undefined} className={button(look, "w-full")}>
				{busy ? pendingLabel : label}
			</button>
			<span role="status" className="sr-only">
				{busy ? pendingLabel : ""}
			</span>
		</form>
	);
}

function toOutcome({ code, fields, retryAfterSeconds }: PasskeyProblem): Outcome {
	if (code === "unreachable") return { ok: false, unreachable: true };
	const { email, ...others } = fields ?? {};
	return {
		ok: false,
		code: code as NonNullable<FormState["code"]>,
		...(fields !== undefined && { fields: { ...others, ...(email !== undefined && { identifier: email }) } }),
		...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
	};
}
