import * as z from "zod";
import { codeAskedAnswer, codeAskedSchema } from "../email-codes/code-asked.ts";
import { ownName } from "../factors/own-name.ts";
import { refusal } from "../http/responses.ts";
import { type Route, route } from "../http/route.ts";
import { grantedSchema, messageSchema } from "../http/schemas.ts";
import { pendingSchema, signInAnswer } from "../http/sign-in-answer.ts";
import { beginCeremony, ceremonyInput } from "./begin-ceremony.ts";
import {
	addPasskey,
	listPasskeys,
	newPasskeyInput,
	type Passkey,
	removePasskey,
	renamePasskey,
} from "./manage-passkeys.ts";
import { attestationInput } from "./responses.ts";
import { requestSignUpWithPasskey, signUpWithPasskey } from "./sign-up-with-passkey.ts";

const passkeySchema = z.object({
	id: z.string(),
	name: z.string(),
	synced: z.boolean(),
	backedUp: z.boolean(),
	createdAt: z.iso.datetime(),
	lastUsedAt: z.iso.datetime().nullable(),
}) satisfies z.ZodType<Passkey>;

const signalSchema = z.object({
	rpId: z.string(),
	userId: z.string(),
	allAcceptedCredentialIds: z.array(z.string()).readonly(),
});

const challenge = route({
	method: "POST",
	path: "/passkeys/challenges",
	summary: "Begin to use or to make a passkey: what to hand to `navigator.credentials`. Good once, in this browser.",
	access: "public",
	body: ceremonyInput,
	responses: { 201: z.object({ options: z.looseObject({ challenge: z.string() }) }) },
	errors: [
		"not_authenticated",
		"attempt_expired",
		"reauthentication_required",
		"insufficient_level",
		"sign_up_closed",
		"factor_exists",
		"factor_missing",
		"too_many_passkeys",
		"too_many_attempts",
	],
	async handle({ engine, visitor, body }) {
		const begun = await beginCeremony(engine, visitor, body);
		if (!begun.ok) throw refusal(begun);
		return { status: 201, body: { options: begun.options }, cookie: begun.cookie };
	},
});

const list = route({
	method: "GET",
	path: "/passkeys",
	summary: "The user's passkeys, oldest first, and what to tell the browser about them.",
	access: "signed-in",
	responses: { 200: z.object({ passkeys: z.array(passkeySchema).readonly(), signal: signalSchema }) },
	async handle({ engine, current }) {
		return { status: 200, body: await listPasskeys(engine, current) };
	},
});

const add = route({
	method: "POST",
	path: "/passkeys",
	summary: "Add a passkey that answers a challenge for a registration, which asks for a recent proof.",
	access: "signed-in",
	body: newPasskeyInput,
	responses: { 201: z.object({ ...messageSchema.shape, passkey: passkeySchema }) },
	errors: ["invalid_credentials", "factor_exists", "too_many_passkeys", "not_found"],
	async handle({ engine, visitor, current, body }) {
		const added = await addPasskey(engine, visitor, current, body);
		if (!added.ok) throw refusal(added);
		return { status: 201, body: { message: "Passkey added", passkey: added.passkey } };
	},
});

const rename = route({
	method: "PATCH",
	path: "/passkeys/{id}",
	summary: "Rename a passkey.",
	access: "recent",
	body: z.object({ name: ownName }),
	responses: { 200: messageSchema },
	errors: ["not_found", "insufficient_level"],
	async handle({ engine, visitor, current, params, body }) {
		const renamed = await renamePasskey(engine, visitor, current, { id: params.id!, name: body.name });
		if (!renamed.ok) throw refusal(renamed);
		return { status: 200, body: { message: "Passkey renamed" } };
	},
});

const remove = route({
	method: "DELETE",
	path: "/passkeys/{id}",
	summary: "Remove a passkey, unless it is the only way in. Every other session ends.",
	access: "recent",
	responses: { 200: messageSchema },
	errors: ["not_found", "last_way_in", "insufficient_level"],
	async handle({ engine, visitor, current, params }) {
		const removed = await removePasskey(engine, visitor, current, params.id!);
		if (!removed.ok) throw refusal(removed);
		return { status: 200, body: { message: "Passkey removed" } };
	},
});

const signUp = route({
	method: "POST",
	path: "/sign-up/passkey",
	summary:
		"Register with a passkey and no password, under the names that its challenge was asked for with. Where addresses must be proven first: 202, as with a password.",
	access: "public",
	body: z.object({ credential: attestationInput }),
	responses: { 201: grantedSchema, 202: z.union([codeAskedSchema, pendingSchema]) },
	errors: ["sign_up_closed", "identifier_taken", "invalid_credentials", "too_many_attempts"],
	async handle({ engine, visitor, body }) {
		if (engine.options.emailVerification === "required")
			return codeAskedAnswer(engine, await requestSignUpWithPasskey(engine, visitor, body.credential));
		return signInAnswer(201, "Registered", await signUpWithPasskey(engine, visitor, body.credential));
	},
});

export const passkeyRoutes: readonly Route[] = [challenge, list, add, rename, remove, signUp];
