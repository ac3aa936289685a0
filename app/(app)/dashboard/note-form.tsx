"use client";

import type { ActionResult } from "latchkey/next";
import type { Messages } from "@/messages/en";
import { ErrorSummary } from "../../ui/error-summary";
import { inputClass } from "../../ui/field";
import { SubmitButton } from "../../ui/submit-button";
import { useForm } from "../../ui/use-form";
import { saveNote } from "./actions";

interface NoteFormProps {
	note: string;
	words: Messages["dashboard"];
}

export function NoteForm({ note, words }: NoteFormProps) {
	const { state, pending, formProps } = useForm<ActionResult<{ note: string }> | null>(saveNote, null);
	const kept = state?.ok && !pending ? state.data.note : null;
	return (
		<form {...formProps} className="space-y-3">
			<ErrorSummary state={state?.ok ? null : state} />
			<label htmlFor="field-note" className="block font-medium">
				{words.noteLabel}
			</label>
			<p id="field-note-hint" className="text-sm text-muted">
				{words.noteHint}
			</p>
			<textarea
				id="field-note"
				name="note"
				rows={3}
				dir="auto"
				maxLength={280}
				aria-describedby="field-note-hint"
				defaultValue={note}
				className={inputClass}
			/>
			<div className="flex flex-wrap items-center gap-3">
				<SubmitButton look="secondary" pending={pending} pendingLabel={words.notePending}>
					{words.noteSubmit}
				</SubmitButton>
				<p role="status" className="text-muted">
					{kept !== null && (kept === "" ? words.noteRemoved : words.noteSaved)}
				</p>
			</div>
		</form>
	);
}
