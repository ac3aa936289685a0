import type { Engine } from "../engine.ts";
import { AuthError } from "../errors.ts";
import type { Visitor } from "../http/visitor.ts";
import { describeError } from "../log.ts";
import { resolveSession } from "../sessions/resolve-session.ts";
import { leavingPage } from "./leaving-page.ts";

/**
 * A page that goes on to where the provider ends its own session (OpenID Connect RP-Initiated Logout), for a session that
 * began there; `null` for every other, and where the provider has no such address. The ID token is not sent along as a
 * hint: it would pass through the browser, which is to hold no token. The provider asks the person instead.
 */
export async function leavingProvider(
	engine: Engine,
	visitor: Visitor,
): Promise<ReturnType<typeof leavingPage> | null> {
	const current = await resolveSession(engine, visitor, { activity: false });
	const began = current === null ? null : await engine.storage.findProviderSession(current.session.id);
	const provider = began?.provider == null ? null : engine.providers.find(began.provider);
	if (provider === null) return null;
	try {
		const { end_session_endpoint: endpoint } = await provider.metadata();
		const url = endpoint === undefined ? null : URL.parse(endpoint);
		const isWeb = url?.protocol === "https:" || (url?.protocol === "http:" && engine.settings.loopback);
		if (url === null || !isWeb) return null;
		url.searchParams.set("client_id", provider.client.clientId);
		const { origin } = engine.settings;
		url.searchParams.set("post_logout_redirect_uri", new URL(engine.options.pages.afterSignOut, origin).href);
		return leavingPage(url.href, provider.definition.name);
	} catch (error) {
		if (!(error instanceof AuthError)) throw error;
		// Signing out here does not depend on whether somebody else can be reached.
		engine.log({ level: "warn", event: error.code, provider: provider.id, ...describeError(error) });
		return null;
	}
}
