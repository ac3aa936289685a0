import { forgetTrustedDevice } from "../devices/trusted-device.ts";
import { toRefusal } from "../errors.ts";
import { requireSameOrigin } from "../http/handle-request.ts";
import type { CurrentRequest } from "./current-session.ts";
import type { FormAction } from "./form-actions.ts";
import { done, field, refuseForm, setCookie } from "./form-answers.ts";

/** What people do with the devices that they are not asked for a second step on, as forms. */
export interface TrustedDeviceActions {
	/** Field: `id`. Asks for the second step again there. */
	readonly forgetTrustedDevice: FormAction;
}

export function trustedDeviceActions(request: () => Promise<CurrentRequest>): TrustedDeviceActions {
	return {
		async forgetTrustedDevice(_previous, form) {
			const { engine, visitor, current } = await request();
			try {
				requireSameOrigin(engine, visitor);
				if (current === null) return await refuseForm(engine, { ok: false, code: "not_authenticated" }, {});
				const { ok, cookie } = await forgetTrustedDevice(engine, visitor, current, field(form, "id"));
				if (!ok) return await refuseForm(engine, { ok: false, code: "not_found" }, {});
				if (cookie !== undefined) await setCookie(cookie);
			} catch (error) {
				return refuseForm(engine, toRefusal(error), {});
			}
			return done(engine, form);
		},
	};
}
