import * as z from "zod";
import { isoTime, nowOf } from "../clock.ts";
import { codeAskedSchema } from "../email-codes/code-asked.ts";
import { AuthError } from "../errors.ts";
import { refusal } from "../http/responses.ts";
import { type Route, route } from "../http/route.ts";
import { grantedSchema, messageSchema, userSchema } from "../http/schemas.ts";
import { pendingSchema, signInAnswer } from "../http/sign-in-answer.ts";
import { resolveSession } from "../sessions/resolve-session.ts";
import { emailField } from "../users/fields.ts";
import { cancelEmailChange, pendingEmailChange, startEmailChange } from "./change-email.ts";
import { confirmEmail } from "./confirm-email.ts";
import { requestVerification } from "./request-verification.ts";

const request = route({
	method: "POST",
	path: "/email-verifications",
	summary:
		"Have a code and a link mailed that prove one's address, or with `email` another one that then takes its place (after a recent proof).",
	access: "signed-in",
	body: z.object({ email: z.optional(emailField) }),
	responses: { 202: codeAskedSchema },
	errors: ["too_many_attempts", "reauthentication_required"],
	async handle({ engine, visitor, current, body }) {
		const asked = await (body.email === undefined
			? requestVerification(engine, visitor, current)
			: startEmailChange(engine, visitor, current, body.email));
		if (!asked.ok) throw refusal(asked);
		const expiresAt = isoTime(nowOf(engine) + asked.expiresInMs);
		return { status: 202, body: { message: "A code is on its way to this address", expiresAt } };
	},
});

const pending = route({
	method: "GET",
	path: "/email-verifications",
	summary: "The address that waits to be proven before it takes the place of the present one.",
	access: "signed-in",
	responses: {
		200: z.object({ pending: z.object({ email: z.string(), expiresAt: z.iso.datetime() }).nullable() }),
	},
	async handle({ engine, current }) {
		return { status: 200, body: { pending: await pendingEmailChange(engine, current.user.id) } };
	},
});

const cancel = route({
	method: "DELETE",
	path: "/email-verifications",
	summary: "Drop the change of address that is pending.",
	access: "signed-in",
	responses: { 200: messageSchema },
	errors: ["not_found"],
	async handle({ engine, visitor, current }) {
		if (!(await cancelEmailChange(engine, visitor, current))) throw new AuthError("not_found");
		return { status: 200, body: { message: "Your address stays as it is" } };
	},
});

const confirm = route({
	method: "PUT",
	path: "/email-verifications/{token}",
	summary:
		"Prove an address by the mailed code or the token of the mailed link: one's own, a new one, or that of a sign-up, which then is finished.",
	access: "public",
	responses: { 200: z.object({ ...messageSchema.shape, user: userSchema }), 201: grantedSchema, 202: pendingSchema },
	errors: [
		"invalid_code",
		"not_authenticated",
		"identifier_taken",
		"account_exists",
		"sign_in_expired",
		"sign_up_closed",
	],
	async handle({ engine, visitor, params }) {
		const current = await resolveSession(engine, visitor);
		const confirmed = await confirmEmail(engine, visitor, current, params.token!);
		if (!confirmed.ok) throw refusal(confirmed);
		if (confirmed.what === "signed_up") return signInAnswer(201, "Registered", confirmed.result);
		return { status: 200, body: { message: "Address confirmed", user: confirmed.user } };
	},
});

export const emailVerificationRoutes: readonly Route[] = [request, pending, cancel, confirm];
