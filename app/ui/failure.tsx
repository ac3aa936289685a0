"use client";

import { useEffect, useRef } from "react";
import { button } from "./button";
import { useFormWords } from "./form-words";

/** Says that the server could not answer. Why stands in its log, under the reference. */
export function Failure({ error, retry }: { error: unknown; retry: () => void }) {
	const { failure } = useFormWords();
	const heading = useRef<HTMLHeadingElement>(null);
	useEffect(() => heading.current?.focus(), []);
	const reference = error instanceof Error && "digest" in error ? String(error.digest) : null;
	return (
		<div className="mx-auto w-full max-w-md space-y-4 px-4 py-16">
			<title>{failure.title}</title>
			<h1 ref={heading} tabIndex={-1} className="text-2xl font-semibold tracking-tight">
				{failure.title}
			</h1>
			<p className="text-muted">{failure.text}</p>
			<button type="button" onClick={() => retry()} className={button("primary")}>
				{failure.retry}
			</button>
			{reference !== null && (
				<p className="text-sm text-muted">
					{failure.reference} <code dir="ltr">{reference}</code>
				</p>
			)}
		</div>
	);
}
