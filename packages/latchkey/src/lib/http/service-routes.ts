import * as z from "zod/mini";
import type { Engine } from "../engine.ts";
import { AuthError } from "../errors.ts";
import { describeError } from "../log.ts";
import { errorAnswer } from "./responses.ts";
import { type Answer, type Route, route } from "./route.ts";

const healthy = z.object({
	status: z.literal("ok"),
	live: z.literal(true),
	ready: z.literal(true),
	/** Messages that were given up, and messages that wait for more than five minutes. */
	mail: z.object({ dead: z.int(), late: z.int() }),
});

const lateMs = 5 * 60_000;

const health = route({
	method: "GET",
	path: "/health",
	summary:
		"Whether the process lives and its store answers: 200, or 503 when the store does not. And how many messages are given up or late.",
	access: "public",
	responses: { 200: healthy },
	errors: ["store_unavailable"],
	async handle({ engine }) {
		const mail = await countMails(engine);
		return mail === null ? notReady() : { status: 200, body: { status: "ok", live: true, ready: true, mail } };
	},
});

/** What describes the contract and the process rather than a person. */
export function serviceRoutes(openApi: () => Promise<object>): readonly Route[] {
	return [
		health,
		route({
			method: "GET",
			path: "/openapi.json",
			summary: "This contract, as an OpenAPI 3.1 document.",
			access: "public",
			responses: { 200: z.looseObject({ openapi: z.string() }) },
			handle: async () => ({ status: 200, body: await openApi() }),
		}),
	];
}

/** `null` when the store does not answer. */
async function countMails({ storage, log }: Engine): Promise<{ dead: number; late: number } | null> {
	try {
		await storage.ping();
		return await storage.countMails({ lateMs });
	} catch (error) {
		log({ level: "error", event: "store_unavailable", ...describeError(error) });
		return null;
	}
}

function notReady(): Answer {
	return errorAnswer(new AuthError("store_unavailable", { retryAfterSeconds: 5 }));
}
