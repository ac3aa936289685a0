import { forgetTrustedDevice } from "../devices/trusted-device.ts";
import type { CurrentRequest } from "./current-session.ts";
import type { FormAction } from "./form-actions.ts";
import { done, field, refuseForm, setCookie } from "./form-answers.ts";
import { signedInActions } from "./guarded-forms.ts";

/** What people do with the devices that they are not asked for a second step on, as forms. */
export interface TrustedDeviceActions {
	/** Field: `id`. Asks for the second step again there. */
	readonly forgetTrustedDevice: FormAction;
}

export function trustedDeviceActions(request: () => Promise<CurrentRequest>): TrustedDeviceActions {
	return {
		forgetTrustedDevice: signedInActions(request)(async ({ engine, visitor, current }, form) => {
			const { ok, cookie } = await forgetTrustedDevice(engine, visitor, current, field(form, "id"));
			if (!ok) return refuseForm(engine, { ok: false, code: "not_found" }, {});
			if (cookie !== undefined) await setCookie(cookie);
			return done(engine, form);
		}),
	};
}
