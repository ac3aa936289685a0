import * as z from "zod";
import { AuthError } from "../errors.ts";
import { refusal } from "../http/responses.ts";
import { type Route, route } from "../http/route.ts";
import { messageSchema } from "../http/schemas.ts";
import { type Factors, readFactors, renewRecoveryCodes, switchSecondStep } from "./manage-factors.ts";

const factorsSchema = z.object({
	password: z.boolean(),
	totp: z
		.object({ name: z.string().nullable(), createdAt: z.iso.datetime(), lastUsedAt: z.iso.datetime().nullable() })
		.nullable(),
	passkeyCount: z.int(),
	recoveryCodes: z.int(),
	secondStep: z.boolean(),
}) satisfies z.ZodType<Factors>;

const list = route({
	method: "GET",
	path: "/factors",
	summary: "What the user has to prove who they are.",
	access: "signed-in",
	responses: { 200: z.object({ factors: factorsSchema }) },
	async handle({ engine, current }) {
		const factors = await readFactors(engine, current.user);
		if (factors === null) throw new AuthError("not_authenticated");
		return { status: 200, body: { factors } };
	},
});

const change = route({
	method: "PATCH",
	path: "/factors",
	summary: "Switch whether a password alone is enough. Every other session ends.",
	access: "recent",
	body: z.object({ secondStep: z.boolean() }),
	responses: { 200: messageSchema },
	errors: ["factor_missing", "insufficient_level"],
	async handle({ engine, visitor, current, body }) {
		const switched = await switchSecondStep(engine, visitor, current, body.secondStep);
		if (!switched.ok) throw refusal(switched);
		return { status: 200, body: { message: "Saved" } };
	},
});

const renewCodes = route({
	method: "POST",
	path: "/factors/recovery-codes",
	summary: "Make ten recovery codes in the place of those that there are. They are shown this once.",
	access: "recent",
	responses: { 201: z.object({ ...messageSchema.shape, codes: z.array(z.string()).readonly() }) },
	errors: ["factor_missing", "insufficient_level"],
	async handle({ engine, visitor, current }) {
		const renewed = await renewRecoveryCodes(engine, visitor, current);
		if (!renewed.ok) throw refusal(renewed);
		return { status: 201, body: { message: "Keep these codes in a safe place", codes: renewed.codes } };
	},
});

export const factorRoutes: readonly Route[] = [list, change, renewCodes];
