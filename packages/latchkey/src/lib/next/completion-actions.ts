import { toRefusal } from "../errors.ts";
import { parseInput } from "../http/field-errors.ts";
import { requireSameOrigin } from "../http/handle-request.ts";
import { completeSignUp, completionInput } from "../oauth/complete-sign-up.ts";
import { withEditableFields } from "../users/own-fields.ts";
import type { CurrentRequest } from "./current-session.ts";
import type { FormAction } from "./form-actions.ts";
import { answerSignIn, emptyAsNull, field, goToCode, ownFields, refuseForm } from "./form-answers.ts";

/** What somebody does who came from a provider and has no account yet. */
export interface CompletionActions {
	/**
	 * Fields: `identifier` (an e-mail address), and editable `userFields`. Goes to the page where the mailed code is typed; with
	 * `without`, and where that may be, into an account without an address.
	 */
	readonly completeSignUp: FormAction;
}

export function completionActions(request: () => Promise<CurrentRequest>): CompletionActions {
	return {
		async completeSignUp(_previous, form) {
			const { engine, visitor } = await request();
			const identifier = field(form, "identifier");
			const own = ownFields(engine, form);
			const values = { identifier, ...own };
			try {
				requireSameOrigin(engine, visitor);
				const input = { ...emptyAsNull(own), ...(!form.has("without") && { email: identifier }) };
				const parsed = parseInput(withEditableFields(completionInput, engine.options.userFields), input);
				if (!parsed.ok) return await refuseForm(engine, parsed, values);
				const completed = await completeSignUp(engine, visitor, parsed.data);
				if (completed.what === "signed_up") return await answerSignIn(engine, completed.result, form, values);
				if (!completed.asked.ok) return await refuseForm(engine, completed.asked, values);
				return await goToCode(engine, completed.asked.cookie, form);
			} catch (error) {
				return refuseForm(engine, toRefusal(error), values);
			}
		},
	};
}
