import * as z from "zod";
import { AuthError } from "../errors.ts";
import { type Route, route } from "../http/route.ts";
import { messageSchema } from "../http/schemas.ts";
import { attemptSchema, signInAnswer, signInResponses } from "../http/sign-in-answer.ts";
import { startTotp } from "../totp/totp.ts";
import { enrolmentSchema } from "../totp/totp-routes.ts";
import { finishAttempt, secondStepInput } from "./finish-attempt.ts";
import { currentAttempt, dropAttempt, toPendingAttempt } from "./pending-attempt.ts";

const read = route({
	method: "GET",
	path: "/attempt",
	summary: "What a sign-in under way still waits for, or `null`.",
	access: "public",
	responses: { 200: z.object({ attempt: z.nullable(attemptSchema) }) },
	async handle({ engine, visitor }) {
		const pending = await currentAttempt(engine, visitor);
		return { status: 200, body: { attempt: pending === null ? null : toPendingAttempt(engine, pending) } };
	},
});

const finish = route({
	method: "POST",
	path: "/attempt",
	summary:
		"Finish a sign-in with its second step: a factor that the account has, or one that it must have from now on.",
	access: "public",
	body: secondStepInput,
	responses: signInResponses,
	errors: [
		...(["attempt_expired", "invalid_credentials", "insufficient_level", "too_many_attempts"] as const),
		...(["factor_exists", "too_many_passkeys"] as const),
	],
	async handle({ engine, visitor, body }) {
		return signInAnswer(200, "Authenticated", await finishAttempt(engine, visitor, body));
	},
});

const drop = route({
	method: "DELETE",
	path: "/attempt",
	summary: "Drop a sign-in that waits for its second step. Also answers when there was none.",
	access: "public",
	responses: { 200: messageSchema },
	async handle({ engine, visitor }) {
		return { status: 200, body: { message: "Dropped" }, cookie: await dropAttempt(engine, visitor) };
	},
});

const startApp = route({
	method: "POST",
	path: "/attempt/totp",
	summary: "Begin to add an authenticator app on the way in, where one is needed. Finish with `POST /attempt`.",
	access: "public",
	responses: { 200: enrolmentSchema },
	errors: ["attempt_expired", "factor_exists"],
	async handle({ engine, visitor }) {
		const pending = await currentAttempt(engine, visitor);
		if (pending === null) throw new AuthError("attempt_expired");
		if (!pending.step.enrolments.includes("totp")) throw new AuthError("factor_exists");
		return { status: 200, body: await startTotp(engine, pending.credentials.user) };
	},
});

export const secondStepRoutes: readonly Route[] = [read, finish, drop, startApp];
