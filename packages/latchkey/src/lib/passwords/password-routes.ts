import * as z from "zod";
import { codeAskedAnswer, codeAskedSchema } from "../email-codes/email-code-routes.ts";
import { refusal } from "../http/responses.ts";
import { type Route, route } from "../http/route.ts";
import { grantedAnswer, grantedSchema } from "../http/schemas.ts";
import { passwordResetRoutes } from "../password-reset/password-reset-routes.ts";
import { signUp, signUpInput } from "../users/sign-up.ts";
import { requestSignUp } from "../users/sign-up-by-mail.ts";
import { changePassword } from "./change-password.ts";
import { maxTypedLength } from "./password-hasher.ts";
import { reauthenticate } from "./reauthenticate.ts";

/** A password that somebody claims to have, so that a long wrong one is answered like a short one. */
export const typedPassword = z.string().min(1).max(maxTypedLength);

const signUpRoute = route({
	method: "POST",
	path: "/sign-up",
	summary:
		"Register, and be signed in. An e-mail address or a user name is needed. Where addresses must be proven first: 202, alike for new and taken ones, and `PUT /email-verifications/{token}` finishes it.",
	access: "public",
	body: signUpInput,
	responses: { 201: grantedSchema, 202: codeAskedSchema },
	errors: ["sign_up_closed", "identifier_taken", "too_many_attempts", "busy"],
	async handle({ engine, visitor, body }) {
		if (engine.options.emailVerification === "required")
			return codeAskedAnswer(engine, await requestSignUp(engine, visitor, body));
		const result = await signUp(engine, visitor, body);
		if (!result.ok) throw refusal(result);
		return grantedAnswer(201, "Registered", result);
	},
});

const reauthenticationRoute = route({
	method: "POST",
	path: "/reauthentication",
	summary: "Prove again who you are, for what asks for a recent proof. A new session takes the place of this one.",
	access: "signed-in",
	body: z.object({ password: typedPassword }),
	responses: { 200: grantedSchema },
	errors: ["invalid_credentials", "too_many_attempts", "busy"],
	async handle({ engine, visitor, current, body }) {
		const result = await reauthenticate(engine, visitor, current, body.password);
		if (!result.ok) throw refusal(result);
		return grantedAnswer(200, "Reauthenticated", result);
	},
});

const changePasswordRoute = route({
	method: "PUT",
	path: "/password",
	summary: "Change the password. Every other session ends, and a new one takes the place of this one.",
	access: "signed-in",
	body: z.object({ currentPassword: typedPassword, newPassword: z.string() }),
	responses: { 200: grantedSchema },
	errors: ["invalid_credentials", "too_many_attempts", "busy"],
	async handle({ engine, visitor, current, body }) {
		const result = await changePassword(engine, visitor, current, body);
		if (!result.ok) throw refusal(result);
		return grantedAnswer(200, "Password changed", result);
	},
});

export const passwordRoutes: readonly Route[] = [
	signUpRoute,
	reauthenticationRoute,
	changePasswordRoute,
	...passwordResetRoutes,
];
