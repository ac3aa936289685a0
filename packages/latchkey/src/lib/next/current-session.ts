import { cookies, headers } from "next/headers.js";
import { connection } from "next/server.js";
import type { Engine } from "../engine.ts";
import { carriesCookie } from "../http/cookies.ts";
import { readVisitor, type Visitor } from "../http/visitor.ts";
import { type ResolvedSession, resolveSession } from "../sessions/resolve-session.ts";
import { readSessionCookie, sessionCookieName } from "../sessions/session-cookie.ts";

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
	const name = sessionCookieName(settings);
	const token = presentToken(requestHeaders.get("cookie"), name, onWire, jar.get(name)?.value);
	const visitor = readVisitor({ headers: requestHeaders }, settings.trustedProxies);
	const current = await resolveSession(engine, visitor, { token, onWire: token === onWire });
	return { engine, visitor, current };
}

/**
 * Next's jar shows what this request has written, such as the cookie of an action that just signed somebody in, and the
 * page that is rendered again must agree with it. But of two cookies with one name the jar shows the last, which a
 * sibling domain may have planted; so what was not written now counts only if the strict parser reads it too.
 */
function presentToken(
	rawHeader: string | null,
	name: string,
	onWire: string | null,
	inJar: string | undefined,
): string | null {
	if (inJar === undefined || inJar === "") return null;
	if (inJar === onWire) return onWire;
	const cameWithTheRequest = carriesCookie(rawHeader, [`${name}=${inJar}`]);
	return cameWithTheRequest ? null : inJar;
}
