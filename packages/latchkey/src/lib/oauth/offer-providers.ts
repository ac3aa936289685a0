import type { ResolvedOptions } from "../options.ts";
import { readSetting, type Settings } from "../settings.ts";
import { OfferedProvider } from "./offered-provider.ts";
import type { ProviderContext, ProviderMethod } from "./provider.ts";
import { Providers } from "./providers.ts";

/**
 * Looks which of the configured providers have what they need. One that has not is not offered, and the log says once
 * what is missing.
 * @throws {AuthError} `misconfigured` for settings that contradict themselves
 */
export function offerProviders(
	methods: readonly ProviderMethod[],
	options: ResolvedOptions,
	settings: Settings,
): Providers {
	const offered: OfferedProvider[] = [];
	for (const { provider } of methods) {
		if (provider.developmentOnly && !settings.loopback) continue;
		const context: ProviderContext = {
			origin: settings.origin,
			callbackUrl: `${settings.origin}${options.basePath}/oauth/${provider.id}/callback`,
			read: readSetting,
		};
		const found = provider.client(context);
		if (found.ok) offered.push(new OfferedProvider(provider, found.client, context, settings));
		else sayOnce(options, provider.id, found.missing);
	}
	return new Providers(offered);
}

// Next.js loads this module several times in one process, and each of them looks.
const saidKey = Symbol.for("latchkey.provider-not-offered@1");
const shared = globalThis as { [saidKey]?: Set<string> };

function sayOnce({ logger, clock }: ResolvedOptions, provider: string, missing: readonly string[]): void {
	shared[saidKey] ??= new Set();
	const what = JSON.stringify([provider, missing]);
	// A clock of one's own is a test's, which hears everything.
	if (clock === null && shared[saidKey].has(what)) return;
	shared[saidKey].add(what);
	logger({ level: "info", event: "provider_not_offered", provider, missing });
}
