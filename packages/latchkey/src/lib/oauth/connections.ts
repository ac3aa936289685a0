import { hash } from "node:crypto";
import { isoTime } from "../clock.ts";
import type { Engine } from "../engine.ts";
import type { Refusal } from "../errors.ts";
import { auditEvent } from "../events/events.ts";
import type { Visitor } from "../http/visitor.ts";
import { isRecent } from "../sessions/recent-proof.ts";
import type { ResolvedSession } from "../sessions/resolve-session.ts";
import type { IdentityRecord } from "../storage/oauth-storage.ts";
import { heldGrants, revokeGrants } from "./revoke-grants.ts";

/** An account at a provider that signs in to this one. */
export interface Connection {
	readonly id: string;
	/** `null` for a method of the owner's own. */
	readonly provider: string | null;
	/** As people know the provider. */
	readonly name: string;
	/** What the person knows the account there by. */
	readonly label: string | null;
	readonly connectedAt: string;
	readonly usedAt: string | null;
	/** Whether a way in would be left without it. */
	readonly removable: boolean;
}

export interface Connections {
	readonly connections: readonly Connection[];
	/** What can be connected: every provider that is offered. */
	readonly providers: readonly { readonly id: string; readonly name: string }[];
}

/** What a person has connected, and what they could. */
export async function listConnections(engine: Engine, { user }: ResolvedSession): Promise<Connections> {
	const { storage, providers } = engine;
	const [identities, credentials] = await Promise.all([
		storage.listIdentities(user.id),
		storage.findCredentialsOfUser(user.id),
	]);
	const isUsable = ({ provider }: IdentityRecord) => provider === null || providers.find(provider) !== null;
	const hasOtherWay = credentials !== null && (credentials.password !== null || credentials.factors.passkeys > 0);
	const usable = identities.filter(isUsable);
	const connections = identities
		.toSorted((one, other) => one.createdAt - other.createdAt || (one.issuer < other.issuer ? -1 : 1))
		.map((identity) => ({
			id: connectionId(identity),
			provider: identity.provider,
			name: nameOf(engine, identity),
			label: identity.label,
			connectedAt: isoTime(identity.createdAt),
			usedAt: identity.usedAt === null ? null : isoTime(identity.usedAt),
			removable: hasOtherWay || usable.some((other) => other !== identity),
		}));
	return { connections, providers: providers.offered.map(({ definition: { id, name } }) => ({ id, name })) };
}

/**
 * Takes a connection away, after a recent proof, and never the last way in. Every other session that began by it ends:
 * whoever came in by the account there is not to stay behind. Answers how many.
 */
export async function disconnect(
	engine: Engine,
	visitor: Visitor,
	current: ResolvedSession,
	id: string,
): Promise<{ readonly ok: true; readonly ended: number } | Refusal> {
	if (!isRecent(current)) return { ok: false, code: "reauthentication_required" };
	const { user, session } = current;
	const identity = (await engine.storage.listIdentities(user.id)).find((one) => connectionId(one) === id);
	if (identity === undefined) return { ok: false, code: "not_found" };
	const { issuer, subject, provider } = identity;
	const grants = await heldGrants(engine, user.id, (one) => connectionId(one) === id);
	const unlinked = await engine.storage.unlinkIdentity({
		userId: user.id,
		issuer,
		subject,
		usableProviders: engine.providers.offered.map((offered) => offered.id),
		keepSessionId: session.id,
		events: [
			auditEvent("identity.unlinked", visitor, { userId: user.id, sessionId: session.id, detail: { provider } }),
		],
	});
	if (unlinked === "last") return { ok: false, code: "last_way_in" };
	if (unlinked === "gone") return { ok: false, code: "not_found" };
	if (unlinked === "not_live") return { ok: false, code: "not_authenticated" };
	revokeGrants(engine, grants);
	return { ok: true, ended: unlinked };
}

/** Public: names the pair without saying it. */
function connectionId({ issuer, subject }: IdentityRecord): string {
	return hash("sha256", JSON.stringify([issuer, subject]), "base64url").slice(0, 22);
}

function nameOf({ providers }: Engine, { provider, issuer }: IdentityRecord): string {
	const offered = provider === null ? null : providers.find(provider);
	return offered?.definition.name ?? URL.parse(issuer)?.host ?? issuer;
}
