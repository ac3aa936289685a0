import type { ErrorCode } from "../errors.ts";
import { safeRedirect } from "../http/redirect.ts";
import { reaches } from "../second-step/authentication.ts";
import { isRecent } from "../sessions/recent-proof.ts";
import type { ResolvedSession } from "../sessions/resolve-session.ts";
import type { AssuranceLevel } from "../storage/storage.ts";
import type { CurrentRequest } from "./current-session.ts";

/** What a guard asks for, besides that somebody is signed in. */
export interface Demands {
	/** How many seconds ago the person may have proved who they are. Default: any time in this session. */
	maxAgeSeconds?: number;
	/** How sure it must be who they are: with `aal2` by two factors. Default: as sure as the session is. */
	level?: AssuranceLevel;
}

export type Verdict =
	| { readonly ok: true; readonly current: ResolvedSession }
	| {
			readonly ok: false;
			readonly code: Extract<ErrorCode, "not_authenticated" | "reauthentication_required" | "insufficient_level">;
	  };

/** The one judgement behind every guard of a page, an action or a route. The proxy turns strangers away and judges no further. */
export function judge({ current }: Pick<CurrentRequest, "current">, { maxAgeSeconds, level }: Demands): Verdict {
	if (current === null) return { ok: false, code: "not_authenticated" };
	if (level !== undefined && !reaches(current.session.level, level)) return { ok: false, code: "insufficient_level" };
	if (maxAgeSeconds !== undefined && !isRecent(current, maxAgeSeconds)) {
		return { ok: false, code: "reauthentication_required" };
	}
	return { ok: true, current };
}

/** The page where what is missing can be given, and from there back to where the visitor was. */
export function pageThatHelps(
	{ engine, visitor }: Pick<CurrentRequest, "engine" | "visitor">,
	code: Extract<Verdict, { ok: false }>["code"],
): string {
	const { pages } = engine.options;
	const page = code === "not_authenticated" ? pages.signIn : pages.reauthenticate;
	const why = code === "insufficient_level" ? "level" : "";
	const url = visitor.url?.replace(/([?&])_rsc=[^&]*&?/, "$1").replace(/[?&]$/, "");
	const back = safeRedirect(url, { origin: engine.settings.origin, fallback: "" });
	const query = new URLSearchParams({ ...(why !== "" && { why }), ...(back !== "" && back !== "/" && { next: back }) });
	return query.size === 0 ? page : `${page}?${query}`;
}
