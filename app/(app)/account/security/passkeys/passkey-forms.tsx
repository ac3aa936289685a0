"use client";

import type { FormState } from "latchkey/next";
import { makePasskey } from "latchkey/passkeys";
import type { Messages } from "@/messages/en";
import { addPasskey, removePasskey, renamePasskey } from "../../../../auth-actions";
import { ErrorSummary } from "../../../../ui/error-summary";
import { Field } from "../../../../ui/field";
import { PasskeyForm } from "../../../../ui/passkey-form";
import { SubmitButton } from "../../../../ui/submit-button";
import { useForm } from "../../../../ui/use-form";

type Words = Messages["security"]["passkeys"];

export function AddPasskeyForm({ words }: { words: Words }) {
	return (
		<PasskeyForm
			action={addPasskey}
			ceremony={() => makePasskey({ for: "registration" })}
			label={words.add}
			pendingLabel={words.adding}
			values={{ next: "/account/security/passkeys?done=added" }}
			look="primary"
		>
			{(state) => <NameField state={state} words={words} />}
		</PasskeyForm>
	);
}

interface PasskeyFormProps {
	state: FormState;
	passkey: { id: string; name: string };
	words: Words;
}

export function RenamePasskeyForm({ state: initial, passkey, words }: PasskeyFormProps) {
	const { state, pending, formProps } = useForm(renamePasskey, initial);
	return (
		<form {...formProps} className="space-y-4">
			<ErrorSummary state={state} />
			<input type="hidden" name="id" value={passkey.id} />
			<input type="hidden" name="next" value="/account/security/passkeys?done=renamed" />
			<NameField state={state} words={words} defaultValue={state.values.name ?? passkey.name} />
			<SubmitButton pending={pending} pendingLabel={words.renaming}>
				{words.rename}
			</SubmitButton>
		</form>
	);
}

export function RemovePasskeyForm({ state: initial, passkey, words }: PasskeyFormProps) {
	const { state, pending, formProps } = useForm(removePasskey, initial);
	return (
		<form {...formProps} className="space-y-4">
			<ErrorSummary state={state} />
			<input type="hidden" name="id" value={passkey.id} />
			<input type="hidden" name="next" value="/account/security/passkeys?done=removed" />
			<p className="text-muted">{words.removeLead}</p>
			<SubmitButton look="danger" pending={pending} pendingLabel={words.removing}>
				{words.remove}
			</SubmitButton>
		</form>
	);
}

function NameField(props: { state: Parameters<typeof Field>[0]["state"]; words: Words; defaultValue?: string }) {
	const { state, words, defaultValue } = props;
	return (
		<Field
			name="name"
			label={words.name}
			hint={words.nameHint}
			state={state}
			type="text"
			dir="auto"
			autoComplete="off"
			maxLength={60}
			defaultValue={defaultValue}
		/>
	);
}
