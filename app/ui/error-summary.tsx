"use client";

import { useKeepPage } from "latchkey/react";
import { usePathname } from "next/navigation";
import { useEffect, useRef } from "react";
import { withNext } from "../(app)/next-place";
import { Countdown } from "./countdown";
import { useFormWords } from "./form-words";
import { AlertIcon } from "./icons";
import { failed, type Outcome } from "./use-form";

interface ErrorSummaryProps {
	state: Outcome | null;
	/** What to say instead of the usual words for a code. */
	words?: Partial<Record<string, string>>;
}

/**
 * Says above a form what went wrong, with a link to each field. It is in the answer to a form without JavaScript too,
 * where the browser puts the focus on it by itself.
 */
export function ErrorSummary({ state, words = {} }: ErrorSummaryProps) {
	const { forms } = useFormWords();
	const here = usePathname();
	const summary = useRef<HTMLDivElement>(null);
	useEffect(() => {
		if (failed(state)) summary.current?.focus();
	}, [state]);
	useKeepPage(state?.code === "not_authenticated");
	if (!failed(state)) return null;
	const { code, fields = {}, retryAfterSeconds } = state;
	const refused = Object.entries(fields);
	const codes: Record<string, string> = { ...forms.codes, ...words };
	const known = state.unreachable ? forms.codes.offline : (codes[code ?? ""] ?? forms.codes.server_error);
	return (
		<div
			ref={summary}
			role="alert"
			tabIndex={-1}
			// biome-ignore lint/a11y/noAutofocus: the answer to a form that was sent without JavaScript begins here.
			autoFocus
			className="flex gap-3 rounded-lg border border-danger bg-danger-soft px-4 py-3 text-ink"
		>
			<span className="mt-0.5 text-danger">
				<AlertIcon />
			</span>
			<div className="min-w-0 space-y-1">
				<p className="font-semibold">{forms.summary}</p>
				{code === "too_many_attempts" && <Countdown seconds={retryAfterSeconds ?? 30} />}
				{code !== "too_many_attempts" && refused.length === 0 && <p>{known}</p>}
				{code === "not_authenticated" && (
					// In a tab of its own: what was typed here stays, and can be sent again.
					<a className="link" href={withNext("/sign-in", here)} target="_blank" rel="noopener">
						{forms.signInAgain}
					</a>
				)}
				{isConfirmed(code) && words[code] === undefined && (
					// In a tab of its own: what was typed here stays, and can be sent again.
					<a
						className="link"
						href={`/reauthenticate?next=/reauthenticate/done${why(code)}`}
						target="_blank"
						rel="noopener"
					>
						{forms.confirmElsewhere}
					</a>
				)}
				{refused.length > 0 && (
					<ul className="space-y-1">
						{refused.map(([field, reason]) => (
							<li key={field}>
								<a className="text-danger underline underline-offset-2" href={`#${fieldId(field)}`}>
									{fieldError(forms, field, reason)}
								</a>
							</li>
						))}
					</ul>
				)}
			</div>
		</div>
	);
}

/** Whether proving oneself again helps; not where a form says in its own words what does. */
function isConfirmed(code: string | undefined): code is "reauthentication_required" | "insufficient_level" {
	return code === "reauthentication_required" || code === "insufficient_level";
}

function why(code: string): string {
	return code === "insufficient_level" ? "&why=level" : "";
}

export function fieldId(name: string): string {
	return `field-${name}`;
}

/** Why a field was refused and how to mend it, in the words of the catalogue. */
export function fieldError(forms: ReturnType<typeof useFormWords>["forms"], field: string, reason: string): string {
	const ofField: Record<string, Record<string, string>> = forms.fields;
	const ofAny: Record<string, string> = forms.reasons;
	return ofField[field]?.[reason] ?? ofAny[reason] ?? forms.reasons.invalid;
}
