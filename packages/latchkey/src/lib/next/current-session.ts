import { cookies, headers } from "next/headers.js";
import { connection } from "next/server.js";
import type { Engine } from "../engine.ts";
import { carriesCookie } from "../http/cookies.ts";
import { readVisitor } from "../http/visitor.ts";
import { resolveSession } from "../sessions/resolve-session.ts";
import { type Session, toSession } from "../sessions/session.ts";
import { readSessionCookie, sessionCookieName } from "../sessions/session-cookie.ts";

/**
 * The session of the request that Next.js is rendering or handling.
 *
 * `cookies()` and `connection()` come first: with cacheComponents a clock or a random value before them is an error.
 */
export async function currentSession(engine: () => Promise<Engine>): Promise<Session | null> {
	const jar = await cookies();
	await connection();
	const requestHeaders = await headers();
	const opened = await engine();
	const { settings } = opened;
	const onWire = readSessionCookie(requestHeaders, settings);
	const name = sessionCookieName(settings);
	const token = presentToken(requestHeaders.get("cookie"), name, onWire, jar.get(name)?.value);
	const visitor = readVisitor({ headers: requestHeaders }, settings.trustedProxies);
	const current = await resolveSession(opened, visitor, { token, onWire: token === onWire });
	return current === null ? null : toSession(current);
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
