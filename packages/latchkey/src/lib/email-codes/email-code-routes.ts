import * as z from "zod/mini";
import { type Route, route } from "../http/route.ts";
import { emailField } from "../users/fields.ts";
import { codeAskedAnswer, codeAskedSchema } from "./code-asked.ts";
import { requestEmailCode } from "./request-email-code.ts";

const request = route({
	method: "POST",
	path: "/email-codes",
	summary:
		"Have a code and a link mailed that sign this browser in. Answers alike whether or not there is an account. The cookie makes the code work here and nowhere else.",
	access: "public",
	body: z.object({ email: emailField }),
	responses: { 202: codeAskedSchema },
	errors: ["too_many_attempts"],
	async handle({ engine, visitor, body }) {
		return codeAskedAnswer(engine, await requestEmailCode(engine, visitor, body.email));
	},
});

export const emailCodeRoutes: readonly Route[] = [request];
