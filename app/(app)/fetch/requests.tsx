"use client";

import { useSession } from "latchkey/react";
import { Suspense, useState } from "react";
import type { Messages } from "@/messages/en";
import { button } from "../../ui/button";
import { Card } from "../../ui/card";

const requests = [
	{ name: "read", method: "GET", path: "/api/auth" },
	{ name: "refresh", method: "POST", path: "/api/auth/refresh" },
	{ name: "guarded", method: "GET", path: "/api/me" },
	{ name: "end", method: "DELETE", path: "/api/auth" },
] as const;

type Sent = (typeof requests)[number];
type Answer = { readonly sent: Sent; readonly status: string | null; readonly body: string };

export function Requests({ words }: { words: Messages["fetch"] }) {
	return (
		<Suspense>
			<RequestButtons words={words} />
		</Suspense>
	);
}

function RequestButtons({ words }: { words: Messages["fetch"] }) {
	const [answer, setAnswer] = useState<Answer | "pending" | null>(null);
	const { refresh } = useSession();

	async function send(sent: Sent) {
		setAnswer("pending");
		const given = await ask(sent);
		setAnswer(given);
		// What fetch has changed, this page, the router's cache and the other tabs follow.
		if (sent.method === "DELETE" && given.status !== null) refresh();
	}

	return (
		<div className="space-y-6">
			<ul className="grid gap-3 sm:grid-cols-2">
				{requests.map((request) => (
					<li key={request.name}>
						<button
							type="button"
							onClick={() => send(request)}
							className={button("secondary", "h-full w-full flex-col items-start gap-0.5 py-3 text-start")}
						>
							<span>{words[request.name]}</span>
							<code dir="ltr" className="text-sm text-muted">
								{request.method} {request.path}
							</code>
						</button>
					</li>
				))}
			</ul>
			<Card>
				<section aria-live="polite" className="space-y-3">
					<h2 className="text-lg font-semibold">{words.answer}</h2>
					{answer === null && <p className="text-muted">{words.none}</p>}
					{answer === "pending" && <p className="text-muted">{words.pending}</p>}
					{answer !== null && answer !== "pending" && <AnswerText answer={answer} words={words} />}
				</section>
			</Card>
		</div>
	);
}

function AnswerText({ answer, words }: { answer: Answer; words: Messages["fetch"] }) {
	if (answer.status === null) return <p>{words.failed}</p>;
	return (
		<div dir="ltr" lang="en" translate="no" className="space-y-3 text-start">
			<p className="font-mono text-sm text-muted">
				{answer.sent.method} {answer.sent.path} → <span className="font-semibold text-ink">{answer.status}</span>
			</p>
			<pre className="rounded-lg bg-sunken p-4 font-mono text-sm break-words whitespace-pre-wrap">{answer.body}</pre>
		</div>
	);
}

async function ask(sent: Sent): Promise<Answer> {
	try {
		const response = await fetch(sent.path, { method: sent.method, cache: "no-store" });
		const body = JSON.stringify(await response.json(), null, 2);
		return { sent, status: `${response.status} ${response.statusText}`.trim(), body };
	} catch {
		return { sent, status: null, body: "" };
	}
}
