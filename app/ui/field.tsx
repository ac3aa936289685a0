"use client";

import type { InputHTMLAttributes, ReactNode } from "react";
import { fieldError, fieldId } from "./error-summary";
import { useFormWords } from "./form-words";
import type { Outcome } from "./use-form";

export const inputClass =
	"block w-full min-h-11 rounded-lg border border-control bg-surface px-3 py-2 text-base text-ink " +
	"aria-invalid:border-danger aria-invalid:outline-1 aria-invalid:outline-danger";

export interface FieldProps extends Omit<InputHTMLAttributes<HTMLInputElement>, "id" | "name" | "value"> {
	name: string;
	label: string;
	state: Outcome;
	hint?: string;
	/** Beside the input, such as a button that belongs to it. */
	children?: ReactNode;
}

/** A labelled input with its hint and what is wrong with it. Uncontrolled, so that typing before hydration stays. */
export function Field({ name, label, state, hint, children, className = "", ...input }: FieldProps) {
	const { forms } = useFormWords();
	const id = fieldId(name);
	const reason = state.fields?.[name];
	const describedBy = [hint !== undefined && `${id}-hint`, reason !== undefined && `${id}-error`].filter(Boolean);
	return (
		<div className="space-y-1.5">
			<label htmlFor={id} className="block font-medium">
				{label}
			</label>
			{hint !== undefined && (
				<p id={`${id}-hint`} className="text-sm text-muted">
					{hint}
				</p>
			)}
			{reason !== undefined && (
				<p id={`${id}-error`} className="text-sm font-medium text-danger">
					{fieldError(forms, name, reason)}
				</p>
			)}
			<div className="relative">
				<input
					{...input}
					id={id}
					name={name}
					aria-invalid={reason !== undefined || undefined}
					aria-describedby={describedBy.length > 0 ? describedBy.join(" ") : undefined}
					className={`${inputClass} ${className}`}
				/>
				{children}
			</div>
		</div>
	);
}
