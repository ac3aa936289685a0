import { toRefusal } from "../errors.ts";
import { requireSameOrigin } from "../http/handle-request.ts";
import type { ResolvedSession } from "../sessions/resolve-session.ts";
import type { CurrentRequest } from "./current-session.ts";
import type { FormAction } from "./form-actions.ts";
import { refuseForm } from "./form-answers.ts";
import type { FormState } from "./form-state.ts";

export type Asked = CurrentRequest & { readonly current: ResolvedSession };

/** Makes form actions that run for any visitor of this site. */
export function visitorActions(request: () => Promise<CurrentRequest>) {
	return (body: (asked: CurrentRequest, form: FormData) => Promise<FormState>): FormAction =>
		async (_previous, form) => {
			const asked = await request();
			try {
				requireSameOrigin(asked.engine, asked.visitor);
				return await body(asked, form);
			} catch (error) {
				return refuseForm(asked.engine, toRefusal(error), {});
			}
		};
}

/** Makes form actions that run for nobody but a signed-in visitor of this site. */
export function signedInActions(request: () => Promise<CurrentRequest>) {
	const anybody = visitorActions(request);
	return (body: (asked: Asked, form: FormData) => Promise<FormState>): FormAction =>
		anybody(async ({ current, ...asked }, form) =>
			current === null
				? refuseForm(asked.engine, { ok: false, code: "not_authenticated" }, {})
				: body({ ...asked, current }, form),
		);
}
