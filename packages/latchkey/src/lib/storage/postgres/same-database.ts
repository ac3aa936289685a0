import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import type { PostgresConnection } from "./connection.ts";
import { ask } from "./inspect.ts";
import { quoted } from "./names.ts";
import { connectAlone, type PostgresClient } from "./pool.ts";

/** For so long a word is waited for that travels from the one connection to the other. */
const heardWithinMs = 2000;

/**
 * Connects to listen, and proves that what the statements tell is heard there: a word is told where they go. An address
 * of its own may lead to another database, whose heartbeats would prove nothing.
 */
export async function connectToSame(connectionString: string, statements: PostgresConnection): Promise<PostgresClient> {
	const client = await connectAlone(connectionString);
	try {
		const [server] = await ask<{ pid: number }>(client, "SELECT pg_backend_pid() AS pid", [], heardWithinMs);
		// Behind a pooler nothing is set; whoever listens finds it out, too.
		if (client.processID === server!.pid) await prove(client, statements);
		return client;
	} catch (error) {
		client.release(true);
		throw error;
	}
}

async function prove(client: PostgresClient, statements: PostgresConnection): Promise<void> {
	const word = `latchkey_${randomUUID()}`;
	const { promise: heard, resolve, reject } = Promise.withResolvers<void>();
	// It may end before anybody waits for it; unheard, a rejection ends the process.
	heard.catch(() => {});
	client.on("notification", ({ channel }) => channel === word && resolve());
	client.on("end", () => reject(new Error("The connection that listens was closed")));
	await ask(client, `LISTEN ${quoted(word)}`, [], heardWithinMs);
	const timer = setTimeout(() => reject(new Error(leadsElsewhere)), heardWithinMs).unref();
	try {
		const tell = statements.prepare((_, p: { word: string }) => sql`select pg_notify(${p.word}::text, '')`);
		await Promise.all([heard, tell.all({ word })]);
	} finally {
		clearTimeout(timer);
	}
	await ask(client, `UNLISTEN ${quoted(word)}`, [], heardWithinMs);
}

const leadsElsewhere =
	"AUTH_DATABASE_DIRECT_URL leads to another database than AUTH_DATABASE_URL: what is told there is not heard here";
