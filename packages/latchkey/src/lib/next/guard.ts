import type { ErrorCode } from "../errors.ts";
import { safeRedirect } from "../http/redirect.ts";
import { isRecent } from "../sessions/recent-proof.ts";
import type { ResolvedSession } from "../sessions/resolve-session.ts";
import type { CurrentRequest } from "./current-session.ts";

/** What a guard asks for, besides that somebody is signed in. */
export interface Demands {
	/** How many seconds ago the person may have proved who they are. Default: any time in this session. */
	maxAgeSeconds?: number;
}

export type Verdict =
	| { readonly ok: true; readonly current: ResolvedSession }
	| { readonly ok: false; readonly code: Extract<ErrorCode, "not_authenticated" | "reauthentication_required"> };

/** The one judgement behind every guard: page, action, route and proxy ask here. */
export function judge({ current }: Pick<CurrentRequest, "current">, { maxAgeSeconds }: Demands): Verdict {
	if (current === null) return { ok: false, code: "not_authenticated" };
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
	const url = visitor.url?.replace(/([?&])_rsc=[^&]*&?/, "$1").replace(/[?&]$/, "");
	const back = safeRedirect(url, { origin: engine.settings.origin, fallback: "" });
	return back === "" || back === "/" ? page : `${page}?next=${encodeURIComponent(back)}`;
}
