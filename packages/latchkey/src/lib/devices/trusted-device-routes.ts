import * as z from "zod";
import { AuthError } from "../errors.ts";
import { type Route, route } from "../http/route.ts";
import { messageSchema } from "../http/schemas.ts";
import { forgetTrustedDevice, listTrustedDevices, type TrustedDevice } from "./trusted-device.ts";

const trustedDeviceSchema = z.object({
	id: z.string(),
	current: z.boolean(),
	trustedAt: z.iso.datetime(),
	lastUsedAt: z.iso.datetime(),
	expiresAt: z.iso.datetime(),
	address: z.string().nullable(),
	userAgent: z.string().nullable(),
}) satisfies z.ZodType<TrustedDevice>;

const list = route({
	method: "GET",
	path: "/trusted-devices",
	summary: "The devices on which the user is not asked for a second step, newest first.",
	access: "signed-in",
	responses: { 200: z.object({ devices: z.array(trustedDeviceSchema) }) },
	async handle({ engine, visitor, current }) {
		return { status: 200, body: { devices: await listTrustedDevices(engine, visitor, current) } };
	},
});

const forget = route({
	method: "DELETE",
	path: "/trusted-devices/{id}",
	summary: "Ask for the second step again on one of the user's devices.",
	access: "signed-in",
	responses: { 200: messageSchema },
	errors: ["not_found"],
	async handle({ engine, visitor, current, params }) {
		const { ok, cookie } = await forgetTrustedDevice(engine, visitor, current, params.id!);
		if (!ok) throw new AuthError("not_found");
		return { status: 200, body: { message: "Forgotten" }, ...(cookie && { cookie }) };
	},
});

export const trustedDeviceRoutes: readonly Route[] = [list, forget];
