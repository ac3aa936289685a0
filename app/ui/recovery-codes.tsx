"use client";

import { useEffect, useRef, useState } from "react";
import { flushSync } from "react-dom";
import type { Messages } from "@/messages/en";
import { button } from "./button";

interface RecoveryCodesProps {
	codes: readonly string[];
	words: Messages["security"];
	/** Where to go when they are kept, as the library judged it. */
	goOn: string | undefined;
}

/** New recovery codes, this once: to read, and with scripts to download, copy or print. */
export function RecoveryCodes({ codes, words, goOn }: RecoveryCodesProps) {
	const [copied, setCopied] = useState(false);
	const gone = useGone();
	const file = `data:text/plain;charset=utf-8,${encodeURIComponent(`${codes.join("\r\n")}\r\n`)}`;
	async function copy() {
		await navigator.clipboard.writeText(codes.join("\n"));
		setCopied(true);
	}
	if (gone) {
		return (
			<section className="space-y-4">
				<p>{words.codes.gone}</p>
				<a className={button("primary")} href={goOn}>
					{words.continue}
				</a>
			</section>
		);
	}
	return (
		<section className="space-y-4" aria-labelledby="recovery-codes">
			<h2 id="recovery-codes" className="text-lg font-semibold">
				{words.codes.list}
			</h2>
			<p role="status">{words.codes.shownOnce}</p>
			<ul className="grid gap-2 rounded-lg bg-sunken p-4 sm:grid-cols-2" translate="no">
				{codes.map((code) => (
					<li key={code}>
						<code dir="ltr">{code}</code>
					</li>
				))}
			</ul>
			<div className="flex flex-wrap gap-3 print:hidden">
				<a className={button("secondary")} href={file} download={words.codes.file}>
					{words.codes.download}
				</a>
				<button type="button" onClick={copy} className={button("secondary", "hidden scripted:inline-flex")}>
					{copied ? words.codes.copied : words.codes.copy}
				</button>
				<button type="button" onClick={() => print()} className={button("secondary", "hidden scripted:inline-flex")}>
					{words.codes.print}
				</button>
				<a className={button("primary")} href={goOn}>
					{words.continue}
				</a>
			</div>
		</section>
	);
}

/**
 * Whether the page was left. It can come back, from the browser's cache or, where the router has only hidden it, from the
 * document; what was shown once must not come along.
 */
function useGone(): boolean {
	const [gone, setGone] = useState(false);
	const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
	useEffect(() => {
		// In development React takes effects back once and does them again at once: that is nobody leaving.
		clearTimeout(timer.current);
		// At once: after this event the page stands still.
		const leave = () => flushSync(() => setGone(true));
		addEventListener("pagehide", leave);
		return () => {
			removeEventListener("pagehide", leave);
			timer.current = setTimeout(() => setGone(true));
		};
	}, []);
	return gone;
}
