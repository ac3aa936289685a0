"use client";

import { createContext, type ReactNode, use } from "react";
import type { Messages } from "@/messages/en";
import type { Language } from "@/messages/languages";

interface Words {
	readonly language: Language;
	readonly forms: Messages["forms"];
	readonly failure: Messages["failure"];
}

const WordsContext = createContext<Words | null>(null);

/** Gives the components in the browser the words that they need, in the one language that is shown. */
export function FormWords({ children, ...words }: Words & { children: ReactNode }) {
	return <WordsContext value={words}>{children}</WordsContext>;
}

export function useFormWords(): Words {
	const words = use(WordsContext);
	if (words === null) throw new Error("useFormWords needs FormWords above");
	return words;
}
