import type { ResolvedSession } from "../sessions/resolve-session.ts";
import type { CurrentRequest } from "./current-session.ts";
import { goTo } from "./form-answers.ts";
import { type Demands, judge, pageThatHelps } from "./guard.ts";

/** The request, if whoever sent it meets the demands; anybody else is sent where they can. */
export async function protectRequest(
	request: () => Promise<CurrentRequest>,
	demands: Demands,
): Promise<CurrentRequest & { readonly current: ResolvedSession }> {
	const asked = await request();
	const verdict = judge(asked, demands);
	return verdict.ok ? { ...asked, current: verdict.current } : goTo(pageThatHelps(asked, verdict.code));
}
