"use client";

import { useEffect, useReducer, useRef, useState } from "react";
import type { Messages } from "@/messages/en";
import { fill, plural } from "@/messages/format";
import { button } from "./button";
import { useFormWords } from "./form-words";

const warnAheadMs = 2 * 60_000;
const dayMs = 24 * 60 * 60_000;

interface IdleWarningProps {
	/** How long the session lives if it is not used from now on. */
	idleForMs: number;
	words: Messages["idle"];
}

/** Warns whoever is about to be signed out for want of use, and keeps them signed in at the press of one key. */
export function IdleWarning({ idleForMs, words }: IdleWarningProps) {
	const { language, forms } = useFormWords();
	const { endsInMs, extend } = useIdleEnd(idleForMs);
	const dialog = useRef<HTMLDialogElement>(null);
	const warns = endsInMs !== null;
	useEffect(() => {
		if (warns) dialog.current?.showModal();
		else dialog.current?.close();
	}, [warns]);
	const time = plural(language, forms.seconds, Math.max(0, Math.round((endsInMs ?? 0) / 1000)));
	return (
		<dialog
			ref={dialog}
			aria-labelledby="idle-title"
			aria-describedby="idle-text"
			className="m-auto w-full max-w-sm rounded-xl border border-line bg-surface p-6 text-ink shadow-card backdrop:bg-black/40"
			onCancel={(event) => {
				// The Escape key too says that somebody is there.
				event.preventDefault();
				void extend();
			}}
		>
			{warns && (
				<>
					<h2 id="idle-title" className="text-lg font-semibold">
						{words.title}
					</h2>
					<p id="idle-text" className="mt-2 text-muted">
						{fill(words.text, { time })}
					</p>
					<button type="button" className={button("primary", "mt-5")} onClick={() => void extend()}>
						{words.stay}
					</button>
				</>
			)}
		</dialog>
	);
}

/** How soon the session ends for want of use; `null` while that is not soon. */
function useIdleEnd(idleForMs: number) {
	const [endsInMs, setEndsInMs] = useState<number | null>(null);
	const [extensions, extended] = useReducer((count: number) => count + 1, 0);

	useEffect(() => {
		let timer: ReturnType<typeof setTimeout> | undefined;
		let stopped = false;
		function askIn(ms: number) {
			const due = Date.now() + ms;
			// By the clock: timers stand still while a computer sleeps, and know no time as long as some sessions live.
			const wake = () => {
				const left = due - Date.now();
				if (left <= 0) void ask();
				else timer = setTimeout(wake, Math.min(left, dayMs));
			};
			wake();
		}
		async function ask() {
			const left = await timeLeft();
			if (stopped) return;
			if (left === "ended") location.replace(location.pathname + location.search);
			else if (left === "unknown") askIn(10_000);
			else {
				setEndsInMs(left <= warnAheadMs ? left : null);
				// While the warning stands, another tab may be used.
				if (left < Number.POSITIVE_INFINITY)
					askIn(left > warnAheadMs ? left - warnAheadMs : Math.min(left + 500, 10_000));
			}
		}
		askIn(extensions === 0 ? idleForMs - warnAheadMs : 5000);
		return () => {
			stopped = true;
			clearTimeout(timer);
		};
	}, [idleForMs, extensions]);

	async function extend() {
		const answer = await fetch("/api/auth/refresh", { method: "POST" }).catch(() => null);
		if (!answer?.ok) return;
		setEndsInMs(null);
		extended();
	}
	return { endsInMs, extend };
}

/** Asked of the server, by its clock: the session may have been used elsewhere. Asking does not keep it alive. */
async function timeLeft(): Promise<number | "ended" | "unknown"> {
	try {
		const answer = await fetch("/api/auth", { cache: "no-store" });
		if (!answer.ok) return "unknown";
		const { session } = (await answer.json()) as { session: { idleExpiresAt: string; expiresAt: string } | null };
		if (session === null) return "ended";
		// One that ends at its time however much it is used is not to be kept.
		if (session.idleExpiresAt === session.expiresAt) return Number.POSITIVE_INFINITY;
		const now = Date.parse(answer.headers.get("date") ?? "");
		return Number.isNaN(now) ? "unknown" : Math.max(0, Date.parse(session.idleExpiresAt) - now);
	} catch {
		return "unknown";
	}
}
