"use client";

import { useState } from "react";
import type { Messages } from "@/messages/en";
import { button } from "../../ui/button";
import { Card } from "../../ui/card";

type Answer = { readonly status: number; readonly body: string } | "none" | "pending" | "failed";

/** Asks through the backend for the frontend. No token is here to be sent. */
export function AskFromBrowser({ words }: { words: Messages["contacts"] }) {
	const [answer, setAnswer] = useState<Answer>("none");
	return (
		<div className="space-y-6">
			<button
				type="button"
				className={button("secondary", "flex-col items-start gap-0.5 py-3 text-start")}
				onClick={async () => {
					setAnswer("pending");
					setAnswer(await ask());
				}}
			>
				<span>{words.ask}</span>
				<code dir="ltr" className="text-sm text-muted">
					GET /api/bff/contacts
				</code>
			</button>
			<Card>
				<section aria-live="polite" className="space-y-3">
					<h3 className="font-semibold">{words.answer}</h3>
					{typeof answer === "string" ? (
						<p className="text-muted">{words[answer]}</p>
					) : (
						<div dir="ltr" lang="en" translate="no" className="space-y-3 text-start">
							<p className="font-mono text-sm font-semibold">{answer.status}</p>
							<pre className="rounded-lg bg-sunken p-4 font-mono text-sm break-words whitespace-pre-wrap">
								{answer.body}
							</pre>
						</div>
					)}
				</section>
			</Card>
		</div>
	);
}

async function ask(): Promise<Answer> {
	try {
		const response = await fetch("/api/bff/contacts", { cache: "no-store" });
		return { status: response.status, body: JSON.stringify(await response.json(), null, 2) };
	} catch {
		return "failed";
	}
}
