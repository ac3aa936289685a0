import * as z from "zod/mini";
import type { SecondFactorRequired } from "../second-step/pending-attempt.ts";
import { factorNames } from "../second-step/second-step.ts";
import type { SignInResult } from "../sign-in/sign-in.ts";
import { refusal } from "./responses.ts";
import type { Answer } from "./route.ts";
import { grantedAnswer, grantedSchema } from "./schemas.ts";

export const attemptSchema = z.object({
	factors: z.readonly(z.array(z.enum(factorNames))),
	enrolments: z.readonly(z.array(z.enum(["totp", "passkey"]))),
	deviceBound: z.boolean(),
	trustDays: z.nullable(z.int().check(z.positive())),
	expiresAt: z.iso.datetime(),
}) satisfies z.ZodMiniType<SecondFactorRequired["attempt"]>;

/** The third answer to a sign-in: nobody is signed in yet. */
export const pendingSchema = z.object({
	message: z.string(),
	authenticated: z.literal(false),
	attempt: attemptSchema,
});

/** What every endpoint that signs in can answer, by status. */
export const signInResponses = { 200: grantedSchema, 202: pendingSchema } as const;

/** The one place where the outcome of a sign-in becomes an answer. @throws {AuthError} what was refused */
export function signInAnswer(status: number, message: string, result: SignInResult): Answer {
	if (result.ok) return grantedAnswer(status, message, result);
	if (result.code !== "second_factor_required") throw refusal(result);
	const { attempt, cookie, otherCookies: cookies = [] } = result;
	return { status: 202, body: { message: "Second factor required", authenticated: false, attempt }, cookie, cookies };
}
