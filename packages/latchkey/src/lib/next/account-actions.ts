import { headers } from "next/headers.js";
import type { Engine } from "../engine.ts";
import { parseInput } from "../http/field-errors.ts";
import { safeRedirect } from "../http/redirect.ts";
import type { Visitor } from "../http/visitor.ts";
import { changePassword } from "../passwords/change-password.ts";
import { endDevice, endOtherDevices } from "../sessions/devices.ts";
import { isRecent, restsOnTrustedDevice } from "../sessions/recent-proof.ts";
import type { ResolvedSession } from "../sessions/resolve-session.ts";
import { reauthenticate, reauthenticationInput } from "../sign-in/reauthenticate.ts";
import type { SignInResult } from "../sign-in/sign-in.ts";
import { updateAccount, userChanges } from "../users/account.ts";
import { deleteAccount } from "../users/deletion.ts";
import { withEditableFields } from "../users/own-fields.ts";
import type { CurrentRequest } from "./current-session.ts";
import type { FormAction } from "./form-actions.ts";
import {
	answerSignIn,
	done,
	emptyAsNull,
	field,
	goTo,
	jsonField,
	ownFields,
	refuseForm,
	setCookie,
	setDevice,
	withParameters,
} from "./form-answers.ts";
import type { FormState } from "./form-state.ts";
import { type Asked, signedInActions } from "./guarded-forms.ts";

/** What people do with their own account, as forms. Whoever is not signed in is refused with `not_authenticated`. */
export interface AccountActions {
	/** Fields: `password`; or `factor` and `code`; or `factor` `passkey` and `credential`, its answer as JSON. A proof for what asks for a recent one; then goes to `next`. */
	readonly reauthenticate: FormAction;
	/** Fields: `current_password`, `new_password`. Every other session ends. */
	readonly changePassword: FormAction;
	/** Fields: `name`, `username`, and editable `userFields`; one that is missing stays, an empty one is removed. */
	readonly updateProfile: FormAction;
	/** Field: `id`, the public id of one of the user's sessions. */
	readonly endSession: FormAction;
	/** Ends every session of the user but this one. */
	readonly endOtherSessions: FormAction;
	/**
	 * Field: `password`, or none where the account has none and the last proof is recent. Deletes the account. With JavaScript
	 * the state names in `leaveTo` where to go by `location.replace`, which leaves no page of the account behind; without, it
	 * redirects. Where the account is deleted later, the place is told when, as the parameter `deletes`.
	 */
	readonly deleteAccount: FormAction;
}

export function accountActions(request: () => Promise<CurrentRequest>): AccountActions {
	const signedIn = signedInActions(request);
	return {
		reauthenticate: signedIn(async ({ engine, visitor, current }, form) => {
			const factor = field(form, "factor");
			const shown = { code: field(form, "code"), credential: jsonField(form, "credential") };
			const input = factor === "" ? { password: field(form, "password") } : { factor, ...shown };
			const parsed = reauthenticationInput.safeParse(input);
			if (!parsed.success) {
				const missing = { [factor === "" ? "password" : "code"]: "required" };
				return refuseForm(engine, { ok: false, code: "invalid_input", fields: missing }, { factor });
			}
			return answerSignIn(engine, await reauthenticate(engine, visitor, current, parsed.data), form, { factor });
		}),
		changePassword: signedIn(async ({ engine, visitor, current }, form) => {
			const passwords = { currentPassword: field(form, "current_password"), newPassword: field(form, "new_password") };
			const result = await changePassword(engine, visitor, current, passwords);
			if (!result.ok) return answerSignIn(engine, result, form, {});
			await setCookie(result.cookie);
			await setDevice(result);
			return done(engine, form);
		}),
		updateProfile: signedIn(updateProfile),
		endSession: signedIn(async ({ engine, visitor, current }, form) => {
			const ended = await endDevice(engine, visitor, current, field(form, "id"));
			return ended ? done(engine, form) : refuseForm(engine, { ok: false, code: "not_found" }, {});
		}),
		endOtherSessions: signedIn(async ({ engine, visitor, current }, form) => {
			const ended = await endOtherDevices(engine, visitor, current);
			return ended === null ? refuseForm(engine, { ok: false, code: "not_authenticated" }, {}) : done(engine, form);
		}),
		deleteAccount: signedIn(async ({ engine, visitor, current }, form) => {
			const refused = await refusalToDelete(engine, visitor, current, field(form, "password"));
			if (refused !== null) return answerSignIn(engine, refused, form, {});
			const { cookie, deletesAt } = await deleteAccount(engine, visitor, current);
			await setCookie(cookie);
			const leaveTo = placeAfterDeletion(engine, form, deletesAt);
			const scripted = (await headers()).get("next-action") !== null;
			return scripted ? { ok: true, values: {}, leaveTo } : goTo(leaveTo);
		}),
	};
}

function placeAfterDeletion({ settings, options }: Engine, form: FormData, deletesAt: string | null): string {
	const { origin } = settings;
	const place = safeRedirect(form.get("next"), { origin, fallback: options.pages.afterSignOut });
	return withParameters(place, origin, deletesAt === null ? {} : { deletes: deletesAt });
}

/** Asks for the password; whoever has none has proven themselves otherwise, within the last minutes. */
async function refusalToDelete(
	engine: Engine,
	visitor: Visitor,
	current: ResolvedSession,
	password: string,
): Promise<Exclude<SignInResult, { ok: true }> | null> {
	if (restsOnTrustedDevice(current.session)) return { ok: false, code: "reauthentication_required" };
	const factors = await engine.storage.readFactors(current.user.id);
	if (factors?.password === false) return isRecent(current) ? null : { ok: false, code: "reauthentication_required" };
	const result = await reauthenticate(engine, visitor, current, { password });
	return result.ok ? null : result;
}

async function updateProfile({ engine, visitor, current }: Asked, form: FormData): Promise<FormState> {
	const typed = Object.fromEntries(
		["name", "username"].filter((name) => form.has(name)).map((name) => [name, field(form, name)]),
	);
	const own = ownFields(engine, form);
	const input = { ...typed, ...(typed.username === "" && { username: null }), ...emptyAsNull(own) };
	const values = { ...typed, ...own };
	const parsed = parseInput(withEditableFields(userChanges, engine.options.userFields), input);
	if (!parsed.ok) return refuseForm(engine, parsed, values);
	const updated = await updateAccount(engine, visitor, current, parsed.data);
	return updated.ok ? done(engine, form) : refuseForm(engine, updated, values);
}
