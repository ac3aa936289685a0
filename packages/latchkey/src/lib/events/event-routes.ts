import * as z from "zod";
import { type Route, route } from "../http/route.ts";
import { listEvents } from "./event-log.ts";
import { eventTypes } from "./events.ts";

const eventSchema = z.object({
	id: z.string(),
	type: z.string(),
	at: z.iso.datetime(),
	sessionId: z.string().nullable(),
	address: z.string().nullable(),
	userAgent: z.string().nullable(),
	detail: z.record(z.string(), z.unknown()).nullable(),
});

const ownEvents = route({
	method: "GET",
	path: "/events",
	summary:
		"The user's own security events, newest first. `nextBefore` asks for the page after; `types`, with commas between, keeps to some.",
	access: "signed-in",
	query: z.object({
		before: z.string().max(200).optional(),
		types: z
			.string()
			.max(2000)
			.transform((types) => types.split(","))
			.pipe(z.array(z.enum(eventTypes)))
			.optional(),
	}),
	responses: { 200: z.object({ events: z.array(eventSchema), nextBefore: z.string().nullable() }) },
	async handle({ engine, current, query }) {
		return { status: 200, body: await listEvents(engine, current, query) };
	},
});

export const eventRoutes: readonly Route[] = [ownEvents];
