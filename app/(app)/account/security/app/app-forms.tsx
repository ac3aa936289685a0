"use client";

import type { FormState } from "latchkey/next";
import type { ReactNode } from "react";
import type { Messages } from "@/messages/en";
import { addTotp, removeTotp, renameTotp } from "../../../../auth-actions";
import { Card } from "../../../../ui/card";
import { CodeField } from "../../../../ui/code-field";
import { ErrorSummary } from "../../../../ui/error-summary";
import { Field } from "../../../../ui/field";
import { RecoveryCodes } from "../../../../ui/recovery-codes";
import { SubmitButton } from "../../../../ui/submit-button";
import { useForm } from "../../../../ui/use-form";

/** The app that there is: what it is called, and when it was added and last used, in words. */
export interface AddedApp {
	name: string;
	added: string;
	used: string;
}

interface AppFormsProps {
	state: FormState;
	/** `null` while there is none. */
	app: AddedApp | null;
	enrolment: string;
	words: Messages["security"];
	/** The secret, to be scanned or typed. */
	children: ReactNode;
}

/** One component for all, so that the answer to adding an app is still there when the page says that there is one. */
export function AppForms({ state: initial, app, enrolment, words, children }: AppFormsProps) {
	const { state, pending, formProps } = useForm(addTotp, initial);
	if ("recoveryCodes" in state && state.recoveryCodes !== undefined) {
		return (
			<Card>
				<RecoveryCodes codes={state.recoveryCodes} words={words} goOn={state.goOn} />
			</Card>
		);
	}
	if (app !== null) return <ManageApp state={initial} app={app} words={words.app} />;
	return (
		<Card>
			<form {...formProps} className="space-y-5">
				<ErrorSummary state={state} words={{ invalid_credentials: words.app.wrong }} />
				{children}
				<input type="hidden" name="enrolment" value={enrolment} />
				<input type="hidden" name="next" value="/account/security?saved" />
				<CodeField label={words.app.code} hint={words.app.codeHint} state={state} />
				<NameField state={state} words={words.app} label={words.app.nameOptional} defaultValue={state.values.name} />
				<p className="text-sm text-muted">{words.app.warning}</p>
				<SubmitButton pending={pending} pendingLabel={words.app.pending}>
					{words.app.submit}
				</SubmitButton>
			</form>
		</Card>
	);
}

interface ManageAppProps {
	state: FormState;
	app: AddedApp;
	words: Messages["security"]["app"];
}

const untouched = { ok: false, values: {} };

function ManageApp({ state, app, words }: ManageAppProps) {
	// Two forms on one page: the one that was sent has put its field into the state.
	const renamed = state.values.name !== undefined;
	return (
		<>
			<Card>
				<RenameAppForm state={renamed ? state : untouched} app={app} words={words} />
			</Card>
			<Card>
				<RemoveAppForm state={renamed ? untouched : state} words={words} />
			</Card>
		</>
	);
}

function RenameAppForm({ state: initial, app, words }: ManageAppProps) {
	const { state, pending, formProps } = useForm(renameTotp, initial);
	return (
		<form {...formProps} className="space-y-4">
			<ErrorSummary state={state} />
			<input type="hidden" name="next" value="/account/security/app?renamed" />
			<p className="text-sm text-muted">
				{app.added}
				{" · "}
				{app.used}
			</p>
			<NameField state={state} words={words} label={words.name} defaultValue={state.values.name ?? app.name} />
			<SubmitButton pending={pending} pendingLabel={words.renaming}>
				{words.rename}
			</SubmitButton>
		</form>
	);
}

function RemoveAppForm({ state: initial, words }: Omit<ManageAppProps, "app">) {
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

interface NameFieldProps {
	state: Parameters<typeof Field>[0]["state"];
	words: Messages["security"]["app"];
	label: string;
	defaultValue: string | undefined;
}

function NameField({ state, words, label, defaultValue }: NameFieldProps) {
	return (
		<Field
			name="name"
			label={label}
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
