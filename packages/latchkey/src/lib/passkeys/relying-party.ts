import type { Engine } from "../engine.ts";
import { misconfigured } from "../errors.ts";

/** Whom passkeys are made for (WebAuthn Level 3, section 5.4.2), and where their answers may come from. */
export interface RelyingParty {
	readonly id: string;
	readonly name: string;
	/** This site's own, and those that are related to it. */
	readonly origins: readonly [own: string, ...related: string[]];
}

export function relyingPartyOf({
	settings,
	options,
	methods,
}: Pick<Engine, "settings" | "options" | "methods">): RelyingParty {
	const host = new URL(settings.origin).hostname;
	const { relyingPartyId: id = host, relatedOrigins = [] } = methods.find(({ name }) => name === "passkey") ?? {};
	return { id, name: options.name ?? host, origins: [settings.origin, ...relatedOrigins] };
}

/** @throws {AuthError} `misconfigured`, where no browser would make or use a passkey */
export function checkRelyingParty(engine: Pick<Engine, "settings" | "options" | "methods">): void {
	const { id, origins } = relyingPartyOf(engine);
	const [own, ...related] = origins;
	const host = new URL(own).hostname;
	if (host === id || host.endsWith(`.${id}`) || related.includes(own)) return;
	throw misconfigured(
		`passkey: relyingPartyId ${JSON.stringify(id)} is neither the host of AUTH_URL (${host}) nor a parent of it. If the two are related, name ${own} in relatedOrigins, here and where ${id} is served`,
	);
}

/** How authenticators know the account: its id, which says nothing about the person (section 14.6.1). */
export function userHandleOf(userId: string): string {
	return Buffer.from(userId, "utf8").toString("base64url");
}
