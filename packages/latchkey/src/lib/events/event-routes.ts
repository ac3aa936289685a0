import * as z from "zod";
import { isoTime } from "../clock.ts";
import { type Route, route } from "../http/route.ts";
import type { EventRecord } from "../storage/storage.ts";

const eventsPerPage = 50;

const eventSchema = z.object({
	id: z.string(),
	type: z.string(),
	at: z.iso.datetime(),
	sessionId: z.string().nullable(),
	address: z.string().nullable(),
	userAgent: z.string().nullable(),
	detail: z.record(z.string(), z.unknown()).nullable(),
});

const listEvents = route({
	method: "GET",
	path: "/events",
	summary: "The user's own security events, newest first. `nextBefore` asks for the page after.",
	access: "signed-in",
	query: z.object({ before: z.string().max(200).optional() }),
	responses: { 200: z.object({ events: z.array(eventSchema), nextBefore: z.string().nullable() }) },
	async handle({ engine, current, query }) {
		const { before } = query;
		const page = { limit: eventsPerPage, ...(before !== undefined && { before }) };
		const events = await engine.storage.listEvents(current.user.id, page);
		const nextBefore = events.length === eventsPerPage ? events.at(-1)!.id : null;
		return { status: 200, body: { events: events.map(toEvent), nextBefore } };
	},
});

export const eventRoutes: readonly Route[] = [listEvents];

export function toEvent({ id, type, at, sessionId, address, userAgent, detail }: EventRecord) {
	return { id, type, at: isoTime(at), sessionId, address, userAgent, detail };
}
