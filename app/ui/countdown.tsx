"use client";

import { useEffect, useState } from "react";
import { fill, plural } from "@/messages/format";
import { useFormWords } from "./form-words";

/** How long to wait, running down; without JavaScript the number that it began with. */
export function Countdown({ seconds }: { seconds: number }) {
	const { language, forms } = useFormWords();
	const left = useSecondsLeft(seconds);
	if (left === 0) return <p>{forms.waitOver}</p>;
	const whole = Math.floor(left / 60);
	const minutes = plural(language, forms.minutes, whole);
	const rest = plural(language, forms.seconds, left % 60);
	const both = fill(forms.minutesAndSeconds, { minutes, seconds: rest });
	const time = whole === 0 ? rest : left % 60 === 0 ? minutes : both;
	// Read out once, with the summary around it, and not again at every second.
	return (
		<p role="timer" aria-live="off" className="tabular-nums">
			{fill(forms.wait, { time })}
		</p>
	);
}

function useSecondsLeft(seconds: number): number {
	const [left, setLeft] = useState(seconds);
	useEffect(() => {
		const end = performance.now() + seconds * 1000;
		setLeft(seconds);
		const timer = setInterval(() => {
			const remaining = Math.max(0, Math.ceil((end - performance.now()) / 1000));
			setLeft(remaining);
			if (remaining === 0) clearInterval(timer);
		}, 500);
		return () => clearInterval(timer);
	}, [seconds]);
	return left;
}
