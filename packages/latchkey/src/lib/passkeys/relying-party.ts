import type { Engine } from "../engine.ts";

/** Whom passkeys are made for (WebAuthn Level 3, section 5.4.2), and where their answers may come from. */
export interface RelyingParty {
	readonly id: string;
	readonly name: string;
	readonly origin: string;
}

export function relyingPartyOf({
	settings,
	options,
	methods,
}: Pick<Engine, "settings" | "options" | "methods">): RelyingParty {
	const host = new URL(settings.origin).hostname;
	const id = methods.find(({ name }) => name === "passkey")?.relyingPartyId ?? host;
	return { id, name: options.name ?? host, origin: settings.origin };
}

/** How authenticators know the account: its id, which says nothing about the person (section 14.6.1). */
export function userHandleOf(userId: string): string {
	return Buffer.from(userId, "utf8").toString("base64url");
}
