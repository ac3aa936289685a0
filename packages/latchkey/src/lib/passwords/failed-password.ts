import type { Engine } from "../engine.ts";
import { auditEvent } from "../events/events.ts";
import type { Visitor } from "../http/visitor.ts";
import type { NewEvent } from "../storage/storage.ts";
import { hardStop } from "./hard-stop.ts";

/** Records a wrong password, counted against the account's own if there is one: the same statements either way. */
export async function recordWrongPassword(
	engine: Engine,
	visitor: Visitor,
	userId: string | null,
	event: NewEvent,
): Promise<void> {
	const failures = await engine.storage.recordFailure({ userId, events: [event] });
	// At the one that reaches it, so that it is told once.
	if (failures !== hardStop) return;
	await engine.storage.appendEvents([auditEvent("password.disabled", visitor, { userId })]);
}
