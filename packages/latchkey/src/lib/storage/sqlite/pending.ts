import { pendingPurposes } from "../email-storage.ts";
import type { SqliteConnection } from "./connection.ts";

/** Kills what is pending for a user and must not outlive a change of password or address, inside a transaction. */
export type KillPendingStep = (userId: string) => void;

/** Prepares the step. */
export function killPendingStep(connection: SqliteConnection): KillPendingStep {
	const kill = connection.prepare((db, p: { userId: string }) =>
		db
			.deleteFrom("latchkey_one_time_token")
			.where("subject", "=", p.userId)
			.where("purpose", "in", [...pendingPurposes]),
	);
	return (userId) => {
		kill.run({ userId });
	};
}
