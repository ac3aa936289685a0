import * as z from "zod/mini";
import { isoTime, nowOf } from "../clock.ts";
import type { Engine } from "../engine.ts";
import { refusal } from "../http/responses.ts";
import type { Answer } from "../http/route.ts";
import { messageSchema } from "../http/schemas.ts";
import type { CodeAsked } from "./request-email-code.ts";

/** The answer to whoever is to type a code. */
export const codeAskedSchema = z.extend(messageSchema, { expiresAt: z.iso.datetime() });

/** The same whatever there is behind the address. */
export function codeAskedAnswer(engine: Engine, asked: CodeAsked): Answer {
	if (!asked.ok) throw refusal(asked);
	const expiresAt = isoTime(nowOf(engine) + asked.expiresInMs);
	return { status: 202, body: { message: "A message is on its way to this address", expiresAt }, cookie: asked.cookie };
}
