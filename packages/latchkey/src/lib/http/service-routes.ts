import * as z from "zod";
import type { Engine } from "../engine.ts";
import { AuthError } from "../errors.ts";
import { describeError } from "../log.ts";
import { errorAnswer } from "./responses.ts";
import { type Answer, type Route, route } from "./route.ts";

const healthy = z.object({ status: z.literal("ok"), live: z.literal(true), ready: z.literal(true) });

const health = route({
	method: "GET",
	path: "/health",
	summary: "Whether the process lives and its store answers: 200, or 503 when the store does not.",
	access: "public",
	responses: { 200: healthy },
	errors: ["store_unavailable"],
	async handle({ engine }) {
		return (await isReady(engine)) ? { status: 200, body: { status: "ok", live: true, ready: true } } : notReady();
	},
});

/** What describes the contract and the process rather than a person. */
export function serviceRoutes(openApi: () => unknown): readonly Route[] {
	return [
		health,
		route({
			method: "GET",
			path: "/openapi.json",
			summary: "This contract, as an OpenAPI 3.1 document.",
			access: "public",
			responses: { 200: z.looseObject({ openapi: z.string() }) },
			handle: async () => ({ status: 200, body: openApi() }),
		}),
	];
}

async function isReady(engine: Engine): Promise<boolean> {
	try {
		await engine.storage.ping();
		return true;
	} catch (error) {
		engine.log({ level: "error", event: "store_unavailable", ...describeError(error) });
		return false;
	}
}

function notReady(): Answer {
	return errorAnswer(new AuthError("store_unavailable", { retryAfterSeconds: 5 }));
}
