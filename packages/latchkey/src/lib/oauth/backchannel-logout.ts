import type { JSONWebKeySet, JWTPayload } from "jose";
import * as z from "zod";
import { keyedName } from "../crypto/keys.ts";
import type { Engine } from "../engine.ts";
import { AuthError } from "../errors.ts";
import { auditEvent } from "../events/events.ts";
import { type Route, route } from "../http/route.ts";
import { messageSchema } from "../http/schemas.ts";
import type { Visitor } from "../http/visitor.ts";
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
		await endSessionsOf(engine, visitor, provider, await readLogoutToken(engine, provider, body.logout_token));
		return { status: 200, body: { message: "Signed out" } };
	},
});

export const logoutRoutes: readonly Route[] = [logout];

interface EndedThere {
	issuer: string;
	subject: string | null;
	providerSession: string | null;
}

/** Checks a logout token as section 2.6 says, and that it was not used before. @throws {AuthError} `invalid_logout_token` */
async function readLogoutToken(engine: Engine, provider: OfferedProvider, token: string): Promise<EndedThere> {
	const claims = await verify(provider, token);
	const { sub, sid, iss = "", jti } = claims;
	const happened = members(claims.events)[logoutEvent];
	const isLogout = typeof happened === "object" && happened !== null && !Array.isArray(happened);
	// An ID token has a nonce, and must never pass for one of these.
	if (!isLogout || "nonce" in claims || (sub === undefined && sid === undefined)) throw invalid("not a logout token");
	if (sid !== undefined && typeof sid !== "string") throw invalid("sid is not text");
	const key = keyedName(engine.transactionKeys.current.key, `logout:${JSON.stringify([iss, jti])}`);
	const once = { key, limit: 1, windowMs: 2 * maxAgeSeconds * 1000, waitMs: 0, maxWaitMs: 0 };
	const [first] = await engine.storage.increment([once]);
	if (!first?.accepted) throw invalid("used before");
	return { issuer: iss, subject: sub ?? null, providerSession: sid ?? null };
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

async function endSessionsOf(
	engine: Engine,
	visitor: Visitor,
	{ id }: OfferedProvider,
	ended: EndedThere,
): Promise<void> {
	for (const { userId, sessionId } of await engine.storage.findSessionsOfProvider(ended)) {
		const event = auditEvent("session.ended", visitor, { userId, sessionId, detail: { provider: id } });
		await engine.storage.endSession({ userId, sessionId, events: [event] });
	}
}

function invalid(detail: string): AuthError {
	return new AuthError("invalid_logout_token", { detail });
}
