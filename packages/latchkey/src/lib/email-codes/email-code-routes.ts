import * as z from "zod/mini";
import { isoTime } from "../clock.ts";
import type { Engine } from "../engine.ts";
import { refusal } from "../http/responses.ts";
import { type Answer, type Route, route } from "../http/route.ts";
import { messageSchema } from "../http/schemas.ts";
import { emailField } from "../users/fields.ts";
import { nowOf } from "./code-cookie.ts";
import { type CodeAsked, requestEmailCode } from "./request-email-code.ts";

/** The answer to whoever is to type a code. */
export const codeAskedSchema = z.extend(messageSchema, { expiresAt: z.iso.datetime() });

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

/** The same whatever there is behind the address. */
export function codeAskedAnswer(engine: Engine, asked: CodeAsked): Answer {
	if (!asked.ok) throw refusal(asked);
	const expiresAt = isoTime(nowOf(engine) + asked.expiresInMs);
	return { status: 202, body: { message: "A message is on its way to this address", expiresAt }, cookie: asked.cookie };
}

export const emailCodeRoutes: readonly Route[] = [request];
