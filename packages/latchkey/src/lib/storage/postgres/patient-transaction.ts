import { setTimeout as sleep } from "node:timers/promises";
import { AuthError } from "../../errors.ts";
import { ask } from "./inspect.ts";
import type { PostgresClient } from "./pool.ts";
import { sqlState } from "./postgres-errors.ts";

/**
 * For how long a change of a table may wait for those who use it: everybody who comes meanwhile waits behind it, also to
 * read. Between two tries they all get through.
 */
const lockTimeout = "1s";
const tries = 5;
const pauseMs = 1000;

/** No statement of a migration takes this long but on tables that it must not hold up unasked. */
const statementTimeout = "10min";

/** A process that stops in the middle lets go of what it holds. */
const idleTimeout = "30s";

/**
 * Changes tables in one transaction without holding up whoever uses them. `prepare` locks out others who do the same;
 * `change` runs after it, and again when a table was in use for too long. Where the role, or the URL, has a bound of its
 * own for a lock or a statement, that counts.
 */
export async function changeTables<T>(
	client: PostgresClient,
	{ label, prepare, change }: { label: string; prepare: () => Promise<unknown>; change: () => Promise<T> },
): Promise<T> {
	await ask(client, "BEGIN");
	try {
		await bound(client, "statement_timeout", statementTimeout);
		await bound(client, "idle_in_transaction_session_timeout", idleTimeout);
		await prepare();
		await bound(client, "lock_timeout", lockTimeout);
		const result = await changeInTurns(client, change);
		await ask(client, "COMMIT");
		return result;
	} catch (error) {
		await ask(client, "ROLLBACK").catch(() => {});
		throw isOverdue(error) ? tooBusy(label, error) : error;
	}
}

/** Back to the savepoint the tables are let go, and what `prepare` locked is kept: nobody else takes the turn. */
async function changeInTurns<T>(client: PostgresClient, change: () => Promise<T>): Promise<T> {
	for (let attempt = 1; ; attempt++) {
		await ask(client, "SAVEPOINT unchanged");
		try {
			return await change();
		} catch (error) {
			if (sqlState(error) !== "55P03" || attempt === tries) throw error;
			await ask(client, "ROLLBACK TO SAVEPOINT unchanged");
			await sleep(pauseMs);
		}
	}
}

/** Until the end of the transaction, so that a pooler leaves it to nobody else. */
async function bound(client: PostgresClient, setting: string, value: string): Promise<void> {
	await ask(
		client,
		"SELECT set_config($1, CASE current_setting($1) WHEN '0' THEN $2 ELSE current_setting($1) END, true)",
		[setting, value],
	);
}

/** Waited too long for a lock, or took too long. */
function isOverdue(error: unknown): boolean {
	const state = sqlState(error);
	return state === "55P03" || state === "57014";
}

function tooBusy(label: string, cause: unknown): AuthError {
	const why =
		sqlState(cause) === "55P03"
			? "the tables are in use by a long transaction, or another migration is under way; wait for it or end it (SELECT pid, xact_start, query FROM pg_stat_activity ORDER BY xact_start shows it)"
			: "a statement took longer than statement_timeout allows; set a longer one for this role";
	return new AuthError("store_unavailable", {
		detail: `${label} could not be migrated: ${why}, then run again: npx latchkey migrate. Nothing was changed.`,
		retryAfterSeconds: 10,
		cause,
	});
}
