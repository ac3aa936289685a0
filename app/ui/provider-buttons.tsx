"use client";

import { useEffect, useState, useSyncExternalStore } from "react";
import type { Messages } from "@/messages/en";
import { fill } from "@/messages/format";
import { providerName } from "./provider-name";
import { SubmitButton } from "./submit-button";

interface ProviderButtonsProps {
	providers: readonly { readonly id: string; readonly name: string }[];
	/** Where a button posts to, with `{provider}` for its own. */
	action: string;
	next: string;
	words: Messages["providers"];
	/** What a button says, with `{provider}`. Default: to continue with it. */
	label?: string;
}

/**
 * One plain form for each provider: it works without scripts, and with them says that it is under way and which one was
 * used last on this device.
 */
export function ProviderButtons({ providers, action, next, words, label = words.continueWith }: ProviderButtonsProps) {
	const [sent, setSent] = useState<string | null>(null);
	const lastUsed = useLastUsed();
	useEffect(() => {
		// Back from the provider, the page may stand there as it was left.
		const reset = () => setSent(null);
		addEventListener("pageshow", reset);
		return () => removeEventListener("pageshow", reset);
	}, []);
	return (
		<div className="space-y-3">
			{providers.map((provider) => (
				<form
					key={provider.id}
					method="post"
					action={action.replace("{provider}", provider.id)}
					onSubmit={(event) => {
						if (sent !== null) return event.preventDefault();
						rememberLastUsed(provider.id);
						setSent(provider.id);
					}}
				>
					<input type="hidden" name="next" value={next} />
					<input type="hidden" name="provider" value={provider.id} />
					<SubmitButton look="secondary" className="w-full" pending={sent === provider.id} pendingLabel={words.pending}>
						{fill(label, { provider: providerName(provider, words) })}
						{lastUsed === provider.id && (
							<span className="ms-2 rounded-full bg-accent-soft px-2 py-0.5 text-sm text-accent">{words.lastUsed}</span>
						)}
					</SubmitButton>
				</form>
			))}
		</div>
	);
}

const lastUsedKey = "last-provider";

function rememberLastUsed(provider: string): void {
	try {
		localStorage.setItem(lastUsedKey, provider);
	} catch {
		// Without storage there is nothing to remember with.
	}
}

function useLastUsed(): string | null {
	return useSyncExternalStore(subscribe, readLastUsed, () => null);
}

function subscribe(changed: () => void): () => void {
	addEventListener("storage", changed);
	return () => removeEventListener("storage", changed);
}

function readLastUsed(): string | null {
	try {
		return localStorage.getItem(lastUsedKey);
	} catch {
		return null;
	}
}
