import type { Engine } from "../engine.ts";
import { AuthError } from "../errors.ts";
import { relyingPartyOf } from "../passkeys/relying-party.ts";
import { errorAnswer, toResponse } from "./responses.ts";
import type { Answer } from "./route.ts";

/** What browsers and password managers ask a site of which they know nothing but the name. The same for everybody. */
export function answerWellKnown(engine: Engine, { method, url }: Request): Response {
	if (method !== "GET" && method !== "HEAD") {
		return toResponse(errorAnswer(new AuthError("method_not_allowed"), { allow: "GET, HEAD" }));
	}
	const answer = answerTo(engine, new URL(url).pathname);
	// Password managers ask for a name that cannot be, to learn whether a site answers truthfully.
	return toResponse(answer ?? errorAnswer(new AuthError("not_found")));
}

function answerTo(engine: Engine, path: string): Answer | null {
	const { options, settings, methods } = engine;
	switch (path) {
		// W3C, A Well-Known URL for Changing Passwords.
		case "/.well-known/change-password":
			return { status: 302, body: undefined, headers: { location: options.pages.password } };
		// W3C, A Well-Known URL for Relying Party Passkey Endpoints.
		case "/.well-known/passkey-endpoints": {
			const page = settings.origin + options.pages.passkeys;
			const offered = methods.some(({ name }) => name === "passkey");
			return offered ? { status: 200, body: { enroll: page, manage: page } } : null;
		}
		// WebAuthn Level 3, section 5.11.1. With nobody related there is nothing to say.
		case "/.well-known/webauthn": {
			const origins = [...new Set(relyingPartyOf(engine).origins)];
			return origins.length > 1 ? { status: 200, body: { origins } } : null;
		}
		default:
			return null;
	}
}
