import { hash } from "node:crypto";
import type { JSONWebKeySet, JWTPayload } from "jose";
import * as z from "zod";
import type { Engine } from "../engine.ts";
import { AuthError } from "../errors.ts";
import { auditEvent } from "../events/events.ts";
import { type Route, route } from "../http/route.ts";
import { messageSchema } from "../http/schemas.ts";
import type { Visitor } from "../http/visitor.ts";
import { endAttemptsOf } from "../second-step/pending-attempt.ts";
import type { EndedThere } from "../storage/oauth-storage.ts";
import { forgetHeldSignUps } from "./held-sign-up.ts";
import { isOpenId, type OfferedProvider } from "./offered-provider.ts";
import { members } from "./provider.ts";
import { providerFailure } from "./provider-failure.ts";
import { requireProvider } from "./providers.ts";

const logoutEvent = "http://schemas.openid.net/event/backchannel-logout";
/** A logout token older than this is not believed, whatever it says itself. */
const maxAgeSeconds = 10 * 60;
const asymmetric = [
	"RS256",
	"RS384",
	"RS512",
	"PS256",
	"PS384",
	"PS512",
	"ES256",
	"ES384",
	"ES512",
	"EdDSA",
	"Ed25519",
];

const logout = route({
	method: "POST",
	path: "/oauth/{provider}/backchannel-logout",
	summary: "Where an OpenID provider says that its session has ended (OpenID Connect Back-Channel Logout).",
	access: "public",
	media: "form",
	fromAnywhere: true,
	body: z.object({ logout_token: z.string().max(16_384) }),
	responses: { 200: messageSchema },
	errors: ["not_found", "invalid_logout_token", "provider_unavailable", "provider_error"],
	async handle({ engine, visitor, body, params }) {
		const provider = requireProvider(engine, params.provider!);
		const token = await readLogoutToken(provider, body.logout_token);
		await endWhatWaits(engine, token.ended);
		await endSessionsOf(engine, visitor, provider, token);
		return { status: 200, body: { message: "Signed out" } };
	},
});

export const logoutRoutes: readonly Route[] = [logout];

interface LogoutToken {
	readonly ended: EndedThere;
	/** What tells it from every other token of its issuer. */
	readonly jti: string;
}

/** Checks a logout token as section 2.6 says; whether it was used before is for the store. @throws {AuthError} `invalid_logout_token` */
async function readLogoutToken(provider: OfferedProvider, token: string): Promise<LogoutToken> {
	const claims = await verify(provider, token);
	const { sub, sid, jti, iss = "" } = claims;
	const happened = members(claims.events)[logoutEvent];
	const isLogout = typeof happened === "object" && happened !== null && !Array.isArray(happened);
	// An ID token has a nonce, and must never pass for one of these.
	if (!isLogout || "nonce" in claims || (sub === undefined && sid === undefined)) throw invalid("not a logout token");
	if (!isTextOrMissing(sub) || !isTextOrMissing(sid) || typeof jti !== "string") throw invalid("a claim is not text");
	return { ended: { issuer: iss, subject: sub ?? null, providerSession: sid ?? null }, jti };
}

/** The types of claims are what the provider says they are, whatever TypeScript thinks. */
function isTextOrMissing(claim: unknown): claim is string | undefined {
	return claim === undefined || typeof claim === "string";
}

async function verify(provider: OfferedProvider, token: string): Promise<JWTPayload> {
	const { server, client } = provider;
	if (!isOpenId(server)) throw new AuthError("not_found");
	const keys = await keysOf(provider);
	const { createLocalJWKSet, decodeJwt, jwtVerify } = await import("jose");
	try {
		const issuer = server.acceptsIssuer === undefined ? server.issuer : server.acceptsIssuer(decodeJwt(token));
		if (issuer === null) throw new TypeError("a tenant that is not accepted");
		const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet(keys), {
			issuer,
			audience: client.clientId,
			algorithms: asymmetric,
			clockTolerance: 30,
			maxTokenAge: maxAgeSeconds,
			requiredClaims: ["iat", "jti", "events"],
		});
		const { typ } = protectedHeader;
		if (typ !== undefined && !/^(logout\+jwt|jwt)$/i.test(typ)) throw new TypeError("another type");
		return payload;
	} catch (cause) {
		throw invalid(cause instanceof Error ? cause.message : "not a token");
	}
}

/**
 * How long keys are believed here. Anybody may send a token, and to ask the provider for each would let them use up what
 * the provider lets this site ask, sign-ins included.
 */
const keysMs = 5000;
const known = new WeakMap<OfferedProvider, { readonly keys: Promise<JSONWebKeySet>; readonly until: number }>();

/** As they are now, or were some seconds ago: a provider shows a key before it signs with it. */
function keysOf(provider: OfferedProvider): Promise<JSONWebKeySet> {
	const read = known.get(provider);
	if (read !== undefined && performance.now() < read.until) return read.keys;
	const reading = { keys: readKeys(provider), until: performance.now() + keysMs };
	known.set(provider, reading);
	return reading.keys;
}

async function readKeys(provider: OfferedProvider): Promise<JSONWebKeySet> {
	try {
		const { jwks_uri: url } = await provider.metadata();
		if (url === undefined) throw new TypeError("no keys");
		const response = await provider.fetch(url, { headers: { accept: "application/json" } });
		if (!response.ok) throw new TypeError(`its keys were answered with ${response.status}`);
		return (await response.json()) as JSONWebKeySet;
	} catch (error) {
		throw providerFailure(error);
	}
}

/**
 * What has begun and is no session yet, which whoever comes to that browser next could finish: by a second factor of their own
 * where the person has none, by an address of their own where there is no account. First, so that none becomes a session once
 * the sessions are ended. With a `sid` alone nobody knows whose they are.
 */
async function endWhatWaits(engine: Engine, { issuer, subject }: EndedThere): Promise<void> {
	if (subject === null) return;
	await forgetHeldSignUps(engine, { issuer, subject });
	const user = await engine.storage.findUserByIdentity({ issuer, subject });
	if (user !== null) await endAttemptsOf(engine, user.id);
}

/** One of the sessions may be replaced by a newer one at this very moment, and once more; not for ever. */
const attempts = 5;

/** @throws {AuthError} `invalid_logout_token` when it was used before, `store_unavailable` */
async function endSessionsOf(
	{ storage }: Engine,
	visitor: Visitor,
	{ id }: OfferedProvider,
	{ ended, jti }: LogoutToken,
): Promise<void> {
	// Of no secret: what was counted before the secrets were rotated is known after it too. It names nobody.
	const key = hash("sha256", JSON.stringify(["backchannel-logout", ended.issuer, jti]), "base64url");
	const once = { key, lifetimeMs: 2 * maxAgeSeconds * 1000 };
	for (let attempt = 1; attempt <= attempts; attempt++) {
		const sessions = await storage.findSessionsOfProvider(ended);
		const events = sessions.map((session) =>
			auditEvent("session.ended", visitor, { ...session, detail: { provider: id } }),
		);
		const sessionIds = sessions.map(({ sessionId }) => sessionId);
		const outcome = await storage.endSessionsOfProvider({ ended, once, sessionIds, events });
		if (outcome === "ended") return;
		if (outcome === "repeated") throw invalid("used before");
	}
	throw new AuthError("store_unavailable", { detail: "sessions were replaced faster than they could be ended" });
}

function invalid(detail: string): AuthError {
	return new AuthError("invalid_logout_token", { detail });
}
