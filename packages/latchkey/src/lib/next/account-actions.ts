import { headers } from "next/headers.js";
import type { Engine } from "../engine.ts";
import { toRefusal } from "../errors.ts";
import { fieldErrors } from "../http/field-errors.ts";
import { requireSameOrigin } from "../http/handle-request.ts";
import { safeRedirect } from "../http/redirect.ts";
import { changePassword } from "../passwords/change-password.ts";
import { reauthenticate } from "../passwords/reauthenticate.ts";
import { endDevice, endOtherDevices } from "../sessions/devices.ts";
import type { ResolvedSession } from "../sessions/resolve-session.ts";
import { updateAccount, userChanges } from "../users/account.ts";
import { deleteAccount } from "../users/deletion.ts";
import type { CurrentRequest } from "./current-session.ts";
import type { FormAction } from "./form-actions.ts";
import { done, enter, field, goTo, refuseForm, setCookie, setDevice } from "./form-answers.ts";
import type { FormState } from "./form-state.ts";

/** What people do with their own account, as forms. Whoever is not signed in is refused with `not_authenticated`. */
export interface AccountActions {
	/** Field: `password`. A proof for what asks for a recent one; then goes to `next`. */
	readonly reauthenticate: FormAction;
	/** Fields: `current_password`, `new_password`. Every other session ends. */
	readonly changePassword: FormAction;
	/** Fields: `name`, `username`; one that is missing stays, an empty one is removed. */
	readonly updateProfile: FormAction;
	/** Field: `id`, the public id of one of the user's sessions. */
	readonly endSession: FormAction;
	/** Ends every session of the user but this one. */
	readonly endOtherSessions: FormAction;
	/**
	 * Field: `password`. Deletes the account. With JavaScript the state names in `leaveTo` where to go by
	 * `location.replace`, which leaves no page of the account behind; without, it redirects. Where the account is deleted
	 * later, the place is told when, as the parameter `deletes`.
	 */
	readonly deleteAccount: FormAction;
}

export type Asked = CurrentRequest & { readonly current: ResolvedSession };

/** Makes form actions that run for nobody but a signed-in visitor of this site. */
export function signedInActions(request: () => Promise<CurrentRequest>) {
	return (body: (asked: Asked, form: FormData) => Promise<FormState>): FormAction =>
		async (_previous, form) => {
			const asked = await request();
			const { engine, visitor, current } = asked;
			try {
				requireSameOrigin(engine, visitor);
				if (current === null) return await refuseForm(engine, { ok: false, code: "not_authenticated" }, {});
				return await body({ ...asked, current }, form);
			} catch (error) {
				return refuseForm(engine, toRefusal(error), {});
			}
		};
}

export function accountActions(request: () => Promise<CurrentRequest>): AccountActions {
	const signedIn = signedInActions(request);
	return {
		reauthenticate: signedIn(async ({ engine, visitor, current }, form) => {
			const result = await reauthenticate(engine, visitor, current, field(form, "password"));
			return result.ok ? enter(engine, result.cookie, form) : refuseForm(engine, result, {});
		}),
		changePassword: signedIn(async ({ engine, visitor, current }, form) => {
			const passwords = { currentPassword: field(form, "current_password"), newPassword: field(form, "new_password") };
			const result = await changePassword(engine, visitor, current, passwords);
			if (!result.ok) return refuseForm(engine, result, {});
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
			const proof = await reauthenticate(engine, visitor, current, field(form, "password"));
			if (!proof.ok) return refuseForm(engine, proof, {});
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
	const place = new URL(safeRedirect(form.get("next"), { origin, fallback: options.pages.afterSignOut }), origin);
	if (deletesAt !== null) place.searchParams.set("deletes", deletesAt);
	return place.pathname + place.search + place.hash;
}

async function updateProfile({ engine, visitor, current }: Asked, form: FormData): Promise<FormState> {
	const typed = Object.fromEntries(
		["name", "username"].filter((name) => form.has(name)).map((name) => [name, field(form, name)]),
	);
	const input = { ...typed, ...(typed.username === "" && { username: null }) };
	const parsed = userChanges.safeParse(input);
	if (!parsed.success)
		return refuseForm(engine, { ok: false, code: "invalid_input", fields: fieldErrors(parsed.error, input) }, typed);
	const updated = await updateAccount(engine, visitor, current, parsed.data);
	return updated.ok ? done(engine, form) : refuseForm(engine, updated, typed);
}
