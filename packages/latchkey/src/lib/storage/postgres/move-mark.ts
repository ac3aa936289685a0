import { misconfigured } from "../../errors.ts";
import { ask, type Server } from "./inspect.ts";
import { quoted } from "./names.ts";
import type { PostgresClient } from "./pool.ts";

/** The table that stands there while everything is being moved in, so that nobody takes a half for the whole. */
function markOf({ names }: Server): string {
	return `${quoted(names.schema)}.${quoted(`${names.prefix}move`)}`;
}

/** @throws {AuthError} `misconfigured` while a move into this database has not come to its end. */
export async function requireNoMove(client: PostgresClient, server: Server): Promise<void> {
	const path = await readMark(client, server);
	if (path === null) return;
	throw misconfigured(
		`Only a part of ${path} has been moved into ${server.label}. To move the rest, run: npx latchkey move ${path}`,
	);
}

/**
 * Sets the mark, in one transaction with looking whether the tables are empty; leaves the one that an earlier attempt set.
 * @throws {AuthError} `misconfigured` when accounts are there already, or come from somewhere else.
 */
export async function beginMove(
	client: PostgresClient,
	server: Server,
	{ tables, path }: { tables: readonly string[]; path: string },
): Promise<void> {
	const { schema, prefix } = server.names;
	await ask(client, "BEGIN");
	try {
		await ask(client, "SELECT pg_advisory_xact_lock(hashtext('latchkey migrate'), hashtext($1))", [schema]);
		const known = await readMark(client, server);
		if (known !== null && known !== path) {
			throw misconfigured(
				`Into ${server.label} ${known} is being moved. Finish that, or move into another schema or an emptied one.`,
			);
		}
		if (known === null) {
			for (const table of tables.map(
				(name) => `${quoted(schema)}.${quoted(prefix + name.slice("latchkey_".length))}`,
			)) {
				const [first] = await ask(client, `SELECT FROM ${table} LIMIT 1`);
				if (first === undefined) continue;
				throw misconfigured(
					`${server.label} holds rows in ${table} already. Move into another schema (?schema= in AUTH_DATABASE_URL) or an emptied one.`,
				);
			}
			await ask(client, `CREATE TABLE ${markOf(server)} (path text NOT NULL)`);
			await ask(client, `INSERT INTO ${markOf(server)} VALUES ($1)`, [path]);
		}
		await ask(client, "COMMIT");
	} catch (error) {
		await ask(client, "ROLLBACK").catch(() => {});
		throw error;
	}
}

export async function endMove(client: PostgresClient, server: Server): Promise<void> {
	await ask(client, `DROP TABLE ${markOf(server)}`);
}

/** The file that is being moved in; `null` when none is. */
async function readMark(client: PostgresClient, server: Server): Promise<string | null> {
	const [found] = await ask<{ mark: string | null }>(client, "SELECT to_regclass($1)::text AS mark", [markOf(server)]);
	if (found!.mark === null) return null;
	const [row] = await ask<{ path: string }>(client, `SELECT path FROM ${markOf(server)}`);
	return row!.path;
}
