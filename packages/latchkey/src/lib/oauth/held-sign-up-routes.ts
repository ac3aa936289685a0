import * as z from "zod/mini";
import { codeAskedAnswer, codeAskedSchema } from "../email-codes/code-asked.ts";
import { type Route, route } from "../http/route.ts";
import { grantedSchema, messageSchema } from "../http/schemas.ts";
import { pendingSchema, signInAnswer } from "../http/sign-in-answer.ts";
import { completeSignUp, completionInput } from "./complete-sign-up.ts";
import { clearedSignUp, type PendingSignUp, readHeldSignUp, takeHeldSignUp, toPendingSignUp } from "./held-sign-up.ts";

const waitingSchema = z.object({
	provider: z.object({ id: z.string(), name: z.string() }),
	name: z.nullable(z.string()),
	email: z.nullable(z.string()),
	emailRequired: z.boolean(),
}) satisfies z.ZodMiniType<PendingSignUp>;

const read = route({
	method: "GET",
	path: "/pending-sign-up",
	summary: "Who came from a provider in this browser and has no account yet, because something is missing.",
	access: "public",
	responses: { 200: z.object({ pending: z.nullable(waitingSchema) }) },
	async handle({ engine, visitor }) {
		const held = await readHeldSignUp(engine, visitor);
		return { status: 200, body: { pending: held === null ? null : toPendingSignUp(engine, held) } };
	},
});

const complete = route({
	method: "POST",
	path: "/pending-sign-up",
	summary:
		"Say what is missing. With an address: 202, alike for new and taken ones, and `PUT /email-verifications/{token}` makes the account. Without: 201, where accounts may exist without.",
	access: "public",
	body: completionInput,
	ownFields: true,
	responses: { 201: grantedSchema, 202: z.union([codeAskedSchema, pendingSchema]) },
	errors: ["sign_in_expired", "sign_up_closed", "account_exists", "too_many_attempts"],
	async handle({ engine, visitor, body }) {
		const completed = await completeSignUp(engine, visitor, body);
		if (completed.what === "code_asked") return codeAskedAnswer(engine, completed.asked);
		return signInAnswer(201, "Registered", completed.result);
	},
});

const drop = route({
	method: "DELETE",
	path: "/pending-sign-up",
	summary: "Forget it.",
	access: "public",
	responses: { 200: messageSchema },
	async handle({ engine, visitor }) {
		const held = await readHeldSignUp(engine, visitor);
		if (held !== null) await takeHeldSignUp(engine, held);
		return { status: 200, body: { message: "Forgotten" }, cookie: clearedSignUp(engine) };
	},
});

export const heldSignUpRoutes: readonly Route[] = [read, complete, drop];
