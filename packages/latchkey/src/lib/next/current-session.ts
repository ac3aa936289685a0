import { cookies, headers } from "next/headers.js";
import { connection, NextRequest } from "next/server.js";
import type { Engine } from "../engine.ts";
import { readVisitor, type Visitor } from "../http/visitor.ts";
import { type ResolvedSession, resolveSession } from "../sessions/resolve-session.ts";
import { readSessionCookie, sessionCookieName } from "../sessions/session-cookie.ts";
import type { Settings } from "../settings.ts";

/** The request that Next.js is rendering or handling, and whose it is. */
export interface CurrentRequest {
	readonly engine: Engine;
	readonly visitor: Visitor;
	readonly current: ResolvedSession | null;
}

/**
 * Reads the request and its session. `cookies()` and `connection()` come first: with cacheComponents a clock or a random
 * value before them is an error.
 */
export async function currentRequest(opening: () => Promise<Engine>): Promise<CurrentRequest> {
	const jar = await cookies();
	await connection();
	const requestHeaders = await headers();
	const engine = await opening();
	const { settings } = engine;
	const onWire = readSessionCookie(requestHeaders, settings);
	const inJar = jar.get(sessionCookieName(settings))?.value ?? null;
	const token = inJar !== onWire && wasWritten(requestHeaders, settings, inJar) ? inJar || null : onWire;
	const visitor = readVisitor({ headers: requestHeaders }, settings);
	const current = await resolveSession(engine, visitor, { token, onWire: token === onWire });
	return { engine, visitor, current };
}

/**
 * Whether this request has written the cookie, such as an action that just signed somebody in: the page that is rendered
 * again must agree with it. Next's jar shows what was written over what came; but it reads what came by rules of its own
 * (of two cookies the last, and percent-decoded), which a sibling domain can use to plant one. So only what Next itself
 * did not read from the request counts as written, and what came is judged by the strict parser alone. Asked only where
 * the two differ: making Next read the request again costs more than the rest of a session check.
 */
function wasWritten(requestHeaders: Headers, settings: Settings, inJar: string | null): boolean {
	const asItCame = new NextRequest(settings.origin, { headers: requestHeaders }).cookies;
	return (asItCame.get(sessionCookieName(settings))?.value ?? null) !== inJar;
}
