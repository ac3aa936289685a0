import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import { isoTime } from "../clock.ts";
import { isSealedUnderCurrentKey, seal, unseal } from "../crypto/sealing.ts";
import type { Engine } from "../engine.ts";
import { AuthError, type Refusal } from "../errors.ts";
import type { ResolvedSession } from "../sessions/resolve-session.ts";
import type { ProviderTokenRecord } from "../storage/oauth-storage.ts";
import { expiryOf, type ProviderTokens, tokensOf } from "./exchange-code.ts";
import type { OfferedProvider } from "./offered-provider.ts";
import { oauthErrorOf, providerFailure } from "./provider-failure.ts";
import { requireProvider } from "./providers.ts";

const tokensSchema = z.object({
	accessToken: z.string(),
	refreshToken: z.string().nullable(),
	idToken: z.string().nullable(),
	scope: z.string().nullable(),
	refreshedAt: z.number().nullable().default(null),
}) satisfies z.ZodType<ProviderTokens>;

/** An access token of a provider, for calling its API. */
export interface ProviderToken {
	readonly ok: true;
	readonly accessToken: string;
	/** Who gave it: where the API of many a provider is below. */
	readonly issuer: string;
	/** ISO 8601; `null` when the provider did not say. */
	readonly expiresAt: string | null;
	/** Space-separated, as granted; `null` when the provider did not say. */
	readonly scope: string | null;
}

export type ProviderTokenResult = ProviderToken | Refusal;

/** A token that expires within this is refreshed before it is handed out. */
const expiresSoonMs = 60_000;
/**
 * For how long a token that came of a refresh is the best that there is, also when an API refuses it: one that refuses every
 * token would else use up what the provider lets this site ask.
 */
const settledMs = 5 * 60_000;
/** How long a refresh may take before another process may try. */
const leaseMs = 15_000;
const pollMs = 50;

type Identity = { issuer: string; subject: string };

/** Seals tokens for the row of their identity: moved to another, they do not open. */
export function sealTokens({ vaultKeys }: Engine, identity: Identity, tokens: ProviderTokens): string {
	return seal(vaultKeys, contextOf(identity), JSON.stringify(tokens));
}

export function openTokens({ vaultKeys }: Engine, identity: Identity, sealed: string | null): ProviderTokens | null {
	const opened = sealed === null ? null : unseal(vaultKeys, contextOf(identity), sealed);
	return opened === null ? null : tokensSchema.parse(JSON.parse(opened));
}

function contextOf({ issuer, subject }: Identity): string {
	return `provider-token/${JSON.stringify([issuer, subject])}`;
}

// Per process. Next.js has three of these in one; the lease in the store decides among them, as among machines.
const refreshes = new WeakMap<Engine, Map<string, Promise<ProviderTokenResult>>>();

/**
 * A fresh access token of a user at a provider, another one than `refuse`. However many ask at once, in however many
 * processes, the provider sees one refresh. `reconnect_required` when the person must go there again: never linked, no
 * refresh token, taken back, or refused although it is new.
 * @throws {AuthError} `provider_unavailable`, `provider_error`, `store_unavailable`
 */
export async function providerToken(
	engine: Engine,
	provider: OfferedProvider,
	userId: string,
	{ refuse = null }: { refuse?: string | null } = {},
): Promise<ProviderTokenResult> {
	const record = await engine.storage.findProviderTokens({ userId, provider: provider.id });
	const tokens = record === null ? null : openTokens(engine, record, record.sealed);
	if (record === null || tokens === null) return reconnect;
	await provider.start();
	if (isFresh(record) && tokens.accessToken !== refuse) {
		resealLater(engine, record, tokens);
		return answerOf(record, tokens);
	}
	if (tokens.refreshToken === null || (isFresh(record) && isJustRefreshed(record, tokens))) return reconnect;
	const key = JSON.stringify([provider.id, record.issuer, record.subject, record.version]);
	const underWay = refreshes.get(engine) ?? new Map<string, Promise<ProviderTokenResult>>();
	refreshes.set(engine, underWay);
	const known = underWay.get(key);
	if (known !== undefined) return known;
	const refreshing = refreshOrWait(engine, provider, userId, record, tokens).finally(() => underWay.delete(key));
	underWay.set(key, refreshing);
	return refreshing;
}

/** The same for whoever is signed in. @throws {AuthError} `not_found` when there is no such provider */
export async function tokenOfSession(
	engine: Engine,
	current: ResolvedSession | null,
	provider: string,
): Promise<ProviderTokenResult> {
	if (current === null) return { ok: false, code: "not_authenticated" };
	return providerToken(engine, requireProvider(engine, provider), current.user.id);
}

const reconnect: Refusal = { ok: false, code: "reconnect_required" };

async function refreshOrWait(
	engine: Engine,
	provider: OfferedProvider,
	userId: string,
	record: ProviderTokenRecord,
	tokens: ProviderTokens,
): Promise<ProviderTokenResult> {
	const { issuer, subject, version } = record;
	const deadline = performance.now() + leaseMs + 5000;
	for (;;) {
		if (await engine.storage.claimRefresh({ issuer, subject, version, leaseMs })) {
			return refresh(engine, provider, userId, record, tokens);
		}
		// Somebody else refreshes it: what they get is ours too.
		const newer = await engine.storage.findProviderTokens({ userId, provider: provider.id });
		if (newer === null) return reconnect;
		if (newer.version !== version || newer.subject !== subject) {
			const unlike = openTokens(engine, newer, newer.sealed)?.accessToken !== tokens.accessToken;
			if (unlike) return readNewer(engine, newer);
			// They got nothing, and put back what was there; or it was only sealed anew.
			if (!isFresh(newer)) throw new AuthError("provider_unavailable", { detail: "refreshed elsewhere, in vain" });
			return refreshOrWait(engine, provider, userId, newer, tokens);
		}
		if (performance.now() > deadline) return { ok: false, code: "provider_unavailable" };
		await sleep(pollMs);
	}
}

function readNewer(engine: Engine, record: ProviderTokenRecord): ProviderTokenResult {
	const tokens = openTokens(engine, record, record.sealed);
	return tokens === null ? reconnect : answerOf(record, tokens);
}

async function refresh(
	engine: Engine,
	provider: OfferedProvider,
	userId: string,
	{ issuer, subject, version, now }: ProviderTokenRecord,
	tokens: ProviderTokens,
): Promise<ProviderTokenResult> {
	const identity = { issuer, subject };
	try {
		const refreshed = await askForNew(provider, identity, tokens);
		const next = tokensOf(refreshed, tokens, now);
		const expiresInMs = expiryOf(refreshed);
		const sealed = sealTokens(engine, identity, next);
		await engine.storage.replaceProviderTokens({ ...identity, version, sealed, expiresInMs });
		const record = await engine.storage.findProviderTokens({ userId, provider: provider.id });
		return record === null ? reconnect : readNewer(engine, record);
	} catch (error) {
		if (oauthErrorOf(error) !== "invalid_grant") {
			await release(engine, identity, version, tokens);
			throw providerFailure(error);
		}
		// Taken back there, or expired: nothing here can bring it back. Unless somebody was faster, with the same token.
		await engine.storage.replaceProviderTokens({ ...identity, version, sealed: null, expiresInMs: null });
		const left = await engine.storage.findProviderTokens({ userId, provider: provider.id, identity });
		return left === null ? reconnect : readNewer(engine, left);
	}
}

/** Once keys were rotated, so that the old one can go. Not while somebody refreshes them, whose tokens are newer. */
function resealLater(engine: Engine, record: ProviderTokenRecord, tokens: ProviderTokens): void {
	const { issuer, subject, version, sealed, expiresAt, now } = record;
	if (sealed === null || isSealedUnderCurrentKey(engine.vaultKeys, sealed)) return;
	engine.background.run("reseal_provider_tokens", async () => {
		const identity = { issuer, subject };
		if (!(await engine.storage.claimRefresh({ ...identity, version, leaseMs }))) return;
		const expiresInMs = expiresAt === null ? null : expiresAt - now;
		const again = sealTokens(engine, identity, tokens);
		await engine.storage.replaceProviderTokens({ ...identity, version, sealed: again, expiresInMs });
	});
}

/** Puts back what was there, so that the next caller need not wait for the lease to run out. */
async function release(engine: Engine, identity: Identity, version: number, tokens: ProviderTokens): Promise<void> {
	const sealed = sealTokens(engine, identity, tokens);
	await engine.storage.replaceProviderTokens({ ...identity, version, sealed, expiresInMs: 0 });
}

async function askForNew(provider: OfferedProvider, { issuer, subject }: Identity, { refreshToken }: ProviderTokens) {
	const openid = await import("openid-client");
	const isTenant = provider.isOpenId && issuer !== provider.server.issuer;
	const config = await provider.configuration(isTenant ? { issuer } : {});
	const refreshed = await openid.refreshTokenGrant(config, refreshToken ?? "");
	// An ID token that comes along must be about the same person (OpenID Connect Core, section 12.2).
	const claims = refreshed.claims();
	if (claims !== undefined && (claims.sub !== subject || claims.iss !== issuer)) {
		throw new TypeError("the refreshed ID token is about somebody else");
	}
	return refreshed;
}

function isFresh({ expiresAt, now }: ProviderTokenRecord): boolean {
	return expiresAt === null || expiresAt - now > expiresSoonMs;
}

function isJustRefreshed({ now }: ProviderTokenRecord, { refreshedAt }: ProviderTokens): boolean {
	return refreshedAt !== null && refreshedAt <= now && now - refreshedAt < settledMs;
}

function answerOf({ issuer, expiresAt }: ProviderTokenRecord, { accessToken, scope }: ProviderTokens): ProviderToken {
	return { ok: true, accessToken, issuer, expiresAt: expiresAt === null ? null : isoTime(expiresAt), scope };
}
