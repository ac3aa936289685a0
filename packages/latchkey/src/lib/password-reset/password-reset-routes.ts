import * as z from "zod/mini";
import { refusal } from "../http/responses.ts";
import { type Route, route } from "../http/route.ts";
import { messageSchema } from "../http/schemas.ts";
import { emailField } from "../users/fields.ts";
import { requestPasswordReset } from "./request-password-reset.ts";
import { resetPassword } from "./reset-password.ts";

const request = route({
	method: "POST",
	path: "/password-resets",
	summary: "Have a link mailed by which a new password is chosen. Answers alike whether or not there is an account.",
	access: "public",
	body: z.object({ email: emailField }),
	responses: { 202: messageSchema },
	errors: ["too_many_attempts"],
	async handle({ engine, visitor, body }) {
		const asked = await requestPasswordReset(engine, visitor, body.email);
		if (!asked.ok) throw refusal(asked);
		return { status: 202, body: { message: "If there is an account with this address, a link is on its way to it" } };
	},
});

const reset = route({
	method: "PUT",
	path: "/password-resets/{token}",
	summary: "Choose a new password by the mailed link's token. Every session ends; nobody is signed in by it.",
	access: "public",
	body: z.object({ newPassword: z.string() }),
	responses: { 200: messageSchema },
	errors: ["expired_link", "busy"],
	async handle({ engine, visitor, body, params }) {
		const done = await resetPassword(engine, visitor, { link: params.token!, newPassword: body.newPassword });
		if (!done.ok) throw refusal(done);
		return { status: 200, body: { message: "Password changed. Sign in with it" } };
	},
});

export const passwordResetRoutes: readonly Route[] = [request, reset];
