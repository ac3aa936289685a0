import { AuthError } from "../errors.ts";
import type { OfferedProvider } from "./offered-provider.ts";

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

/** @throws {AuthError} `not_found` for one that is not offered */
export function requireProvider({ providers }: { providers: Providers }, id: string): OfferedProvider {
	const provider = providers.find(id);
	if (provider === null) throw new AuthError("not_found");
	return provider;
}
