import { AuthError } from "../errors.ts";
import type { Method } from "../methods/method.ts";
import type { ResolvedOptions } from "../options.ts";
import { readSetting, type Settings } from "../settings.ts";
import { OfferedProvider } from "./offered-provider.ts";
import { isProvider, type ProviderContext } from "./provider.ts";

/** The providers that people are offered, in the order of the configuration. */
export class Providers {
	readonly #offered: ReadonlyMap<string, OfferedProvider>;

	constructor(offered: readonly OfferedProvider[]) {
		this.#offered = new Map(offered.map((provider) => [provider.id, provider]));
	}

	get offered(): readonly OfferedProvider[] {
		return [...this.#offered.values()];
	}

	find(id: string): OfferedProvider | null {
		return this.#offered.get(id) ?? null;
	}
}

/**
 * Looks which of the configured providers have what they need. One that has not is not offered, and the log says once
 * what is missing.
 * @throws {AuthError} `misconfigured` for settings that contradict themselves
 */
export function offerProviders(methods: readonly Method[], options: ResolvedOptions, settings: Settings): Providers {
	const offered: OfferedProvider[] = [];
	for (const { provider } of methods.filter(isProvider)) {
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

/** @throws {AuthError} `not_found` for one that is not offered */
export function requireProvider({ providers }: { providers: Providers }, id: string): OfferedProvider {
	const provider = providers.find(id);
	if (provider === null) throw new AuthError("not_found");
	return provider;
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
