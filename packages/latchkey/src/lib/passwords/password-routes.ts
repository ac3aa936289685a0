import * as z from "zod/mini";
import { codeAskedAnswer, codeAskedSchema } from "../email-codes/code-asked.ts";
import { refusal } from "../http/responses.ts";
import { type Route, route } from "../http/route.ts";
import { grantedSchema, messageSchema } from "../http/schemas.ts";
import { pendingSchema, signInAnswer, signInResponses } from "../http/sign-in-answer.ts";
import { signUp, signUpInput } from "../users/sign-up.ts";
import { changePassword } from "./change-password.ts";
import { typedPassword } from "./typed-password.ts";

const signUpRoute = route({
	method: "POST",
	path: "/sign-up",
	summary:
		"Register, and be signed in. An e-mail address or a user name is needed. Where addresses must be proven first: 202, alike for new and taken ones, and `PUT /email-verifications/{token}` finishes it.",
	access: "public",
	body: signUpInput,
	ownFields: true,
	responses: { 201: grantedSchema, 202: z.union([codeAskedSchema, pendingSchema]) },
	errors: ["sign_up_closed", "identifier_taken", "too_many_attempts", "busy"],
	async handle({ engine, visitor, body }) {
		if (engine.options.emailVerification === "required") {
			const { requestSignUp } = await import("../users/sign-up-by-mail.ts");
			return codeAskedAnswer(engine, await requestSignUp(engine, visitor, body));
		}
		return signInAnswer(201, "Registered", await signUp(engine, visitor, body));
	},
});

const changePasswordRoute = route({
	method: "PUT",
	path: "/password",
	summary:
		"Change the password. Every other session ends, and a new one takes the place of this one, with the second step first where more is asked for.",
	access: "signed-in",
	body: z.object({ currentPassword: typedPassword, newPassword: z.string() }),
	responses: signInResponses,
	errors: ["invalid_credentials", "reauthentication_required", "too_many_attempts", "busy"],
	async handle({ engine, visitor, current, body }) {
		return signInAnswer(200, "Password changed", await changePassword(engine, visitor, current, body));
	},
});

const setPasswordRoute = route({
	method: "POST",
	path: "/password",
	summary: "Choose a password for an account that has none. Every other session ends.",
	access: "recent",
	body: z.object({ newPassword: z.string() }),
	responses: { 201: messageSchema },
	errors: ["factor_exists", "insufficient_level", "busy"],
	async handle({ engine, visitor, current, body }) {
		const { setFirstPassword } = await import("./first-password.ts");
		const set = await setFirstPassword(engine, visitor, current, body.newPassword);
		if (!set.ok) throw refusal(set);
		return { status: 201, body: { message: "Password set" } };
	},
});

export const passwordRoutes: readonly Route[] = [signUpRoute, setPasswordRoute, changePasswordRoute];
