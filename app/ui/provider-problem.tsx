import type { Messages } from "@/messages/en";
import { fill } from "@/messages/format";
import { providerName } from "./provider-name";

interface ProviderProblemProps {
	/** As the page's address has it. */
	problem: string | string[] | undefined;
	provider: { readonly id: string; readonly name: string } | undefined;
	words: Messages["providers"];
}

/** What went wrong on the way over a provider, if anything did. */
export function ProviderProblem({ problem, provider, words }: ProviderProblemProps) {
	if (typeof problem !== "string") return null;
	return (
		<div role="alert" className="rounded-lg border border-danger bg-danger-soft px-4 py-3 text-ink">
			<p>{problemText(words, problem, provider)}</p>
		</div>
	);
}

export function problemText(
	words: Messages["providers"],
	problem: string | string[] | undefined,
	provider: ProviderProblemProps["provider"],
): string {
	const known: Readonly<Record<string, string>> = words.problems;
	const text = (typeof problem === "string" ? known[problem] : undefined) ?? words.problems.provider_error;
	return fill(text, { provider: provider === undefined ? words.aProvider : providerName(provider, words) });
}
