import type { Engine } from "../engine.ts";
import type { IdentityRecord } from "../storage/oauth-storage.ts";
import type { OfferedProvider } from "./offered-provider.ts";
import { openTokens } from "./token-vault.ts";

/** What a provider has granted, while it is still known here. */
export interface HeldGrant {
	readonly provider: OfferedProvider;
	/** The refresh token where there is one: with it goes all that came of it. */
	readonly token: string;
	readonly kind: "refresh_token" | "access_token";
}

/** The grants of a user, or of one of their identities, read before they are deleted here. */
export async function heldGrants(
	engine: Engine,
	userId: string,
	isMeant: (identity: IdentityRecord) => boolean = () => true,
): Promise<HeldGrant[]> {
	const identities = (await engine.storage.listIdentities(userId)).filter(isMeant);
	const grants = identities.map(async ({ provider: id, issuer, subject }): Promise<HeldGrant[]> => {
		const provider = id === null ? null : engine.providers.find(id);
		if (provider === null) return [];
		const identity = { issuer, subject };
		const record = await engine.storage.findProviderTokens({ userId, provider: provider.id, identity });
		const tokens = record === null ? null : openTokens(engine, identity, record.sealed);
		if (tokens === null) return [];
		const { refreshToken, accessToken } = tokens;
		return refreshToken === null
			? [{ provider, token: accessToken, kind: "access_token" }]
			: [{ provider, token: refreshToken, kind: "refresh_token" }];
	});
	return (await Promise.all(grants)).flat();
}

/** Tells the providers that take it that a grant is not wanted any more (RFC 7009). Nobody waits for them. */
export function revokeGrants(engine: Engine, grants: readonly HeldGrant[]): void {
	for (const grant of grants) engine.background.run("revoke_grant", () => revoke(grant));
}

async function revoke({ provider, token, kind }: HeldGrant): Promise<void> {
	const { revocation_endpoint: endpoint } = await provider.metadata();
	if (endpoint === undefined) return;
	const openid = await import("openid-client");
	await openid.tokenRevocation(await provider.configuration(), token, { token_type_hint: kind });
}
