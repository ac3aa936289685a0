import { type EventSteps, eventSteps } from "./audit-events.ts";
import type { SqliteConnection } from "./connection.ts";
import { type FactorSteps, factorSteps } from "./factor-steps.ts";
import { type KillPendingStep, killPendingStep } from "./pending.ts";
import { type SessionSteps, sessionSteps } from "./session-steps.ts";
import { type SettleStep, settleStep } from "./throttle.ts";

/** The parts that several transactions share, prepared once. */
export interface Steps {
	sessions: SessionSteps;
	events: EventSteps;
	settle: SettleStep;
	killPending: KillPendingStep;
	factors: FactorSteps;
}

export function createSteps(connection: SqliteConnection): Steps {
	const sessions = sessionSteps(connection);
	const events = eventSteps(connection);
	return {
		sessions,
		events,
		settle: settleStep(connection),
		killPending: killPendingStep(connection),
		factors: factorSteps(connection, { sessions, events }),
	};
}
