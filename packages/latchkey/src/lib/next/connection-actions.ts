import { disconnect } from "../oauth/connections.ts";
import type { CurrentRequest } from "./current-session.ts";
import type { FormAction } from "./form-actions.ts";
import { done, field, goTo, refuseForm } from "./form-answers.ts";
import { signedInActions } from "./guarded-forms.ts";

/** What people do with the providers that they have connected. Connecting is a plain form: see `docs/providers.md`. */
export interface ConnectionActions {
	/**
	 * Field: `id`, of a connection. Sends to prove again who one is where that was too long ago. The form's `next` is told
	 * how many other sessions it has ended, as the parameter `ended`.
	 */
	readonly disconnect: FormAction;
}

export function connectionActions(request: () => Promise<CurrentRequest>): ConnectionActions {
	return {
		disconnect: signedInActions(request)(async ({ engine, visitor, current }, form) => {
			const result = await disconnect(engine, visitor, current, field(form, "id"));
			if (result.ok) return done(engine, form, { ended: String(result.ended) });
			if (result.code !== "reauthentication_required") return refuseForm(engine, result, {});
			const { reauthenticate, connections } = engine.options.pages;
			return goTo(`${reauthenticate}?next=${encodeURIComponent(connections)}`);
		}),
	};
}
