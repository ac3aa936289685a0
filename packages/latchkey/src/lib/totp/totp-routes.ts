import * as z from "zod";
import { ownName } from "../factors/own-name.ts";
import { refusal } from "../http/responses.ts";
import { type Route, route } from "../http/route.ts";
import { messageSchema } from "../http/schemas.ts";
import { signInAnswer, signInResponses } from "../http/sign-in-answer.ts";
import { addTotp, newTotpInput, removeTotp, renameTotp } from "./manage-totp.ts";
import { startTotp, type TotpEnrolment } from "./totp.ts";

export const enrolmentSchema = z.object({
	secret: z.string(),
	uri: z.string(),
	enrolment: z.string(),
}) satisfies z.ZodType<TotpEnrolment>;

const start = route({
	method: "POST",
	path: "/factors/totp",
	summary: "Begin to add an authenticator app: a secret, which counts once a code of it has been sent.",
	access: "recent",
	responses: { 200: enrolmentSchema },
	async handle({ engine, current }) {
		return { status: 200, body: await startTotp(engine, current.user) };
	},
});

const confirm = route({
	method: "PUT",
	path: "/factors/totp",
	summary:
		"Add the app with a code of it. Every other session ends; a new one takes the place of this one, with the second step first where more is asked for.",
	access: "recent",
	body: newTotpInput,
	responses: signInResponses,
	errors: ["invalid_credentials", "factor_exists", "too_many_attempts", "insufficient_level"],
	async handle({ engine, visitor, current, body }) {
		return signInAnswer(200, "Authenticator app added", await addTotp(engine, visitor, current, body));
	},
});

const rename = route({
	method: "PATCH",
	path: "/factors/totp",
	summary: "Name the authenticator app.",
	access: "recent",
	body: z.object({ name: ownName }),
	responses: { 200: messageSchema },
	errors: ["factor_missing", "insufficient_level"],
	async handle({ engine, visitor, current, body }) {
		const renamed = await renameTotp(engine, visitor, current, body.name);
		if (!renamed.ok) throw refusal(renamed);
		return { status: 200, body: { message: "Authenticator app renamed" } };
	},
});

const remove = route({
	method: "DELETE",
	path: "/factors/totp",
	summary: "Remove the authenticator app. Every other session ends.",
	access: "recent",
	responses: { 200: messageSchema },
	errors: ["factor_missing", "last_way_in", "insufficient_level"],
	async handle({ engine, visitor, current }) {
		const removed = await removeTotp(engine, visitor, current);
		if (!removed.ok) throw refusal(removed);
		return { status: 200, body: { message: "Authenticator app removed" } };
	},
});

export const totpRoutes: readonly Route[] = [start, confirm, rename, remove];
