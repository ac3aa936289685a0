import { setTimeout as sleep } from "node:timers/promises";
import { describeError, type Logger } from "../../log.ts";
import { ask } from "./inspect.ts";
import type { Lease } from "./lease.ts";
import { quoted } from "./names.ts";
import type { PostgresClient } from "./pool.ts";
import { resultTypes } from "./prepared.ts";

export interface EndedChannelOptions {
	/** A connection of the channel's own, held until it is released. */
	connect(): Promise<PostgresClient>;
	/** Where instances tell each other what ended. */
	channel: string;
	lease: Lease;
	/** A session or all sessions of a user have ended or changed. */
	onEnded(kind: "session" | "user", id: string): void;
	/** Something may have ended unheard: from here on everything is heard again. */
	onGap(): void;
	log: Logger;
}

const heartbeatMs = 100;
/** For so long, and up to twice as long, somebody else's heartbeat is waited for before one is sent. */
const patienceMs = 40;
/** After which a heartbeat is not waited for any more and the connection given up. Longer than the lease: slow is not dead. */
const answerMs = 1000;
/** After the last question heartbeats go on for so long; then an instance that nobody uses leaves the database alone. */
const quietAfterMs = 10_000;
const longestPauseMs = 2000;

/**
 * Hears what other instances end, by LISTEN, and proves ten times a second that it does. It asks up to which transaction
 * everything has ended, and then needs to hear a heartbeat, a NOTIFY that carries the number of its own transaction, from
 * one that had not: NOTIFYs are heard in the order of their commits, so everything that was told before the question has
 * been heard by then, whoever sent the heartbeat. The lease lasts from the moment of the question.
 *
 * PostgreSQL wakes every listener for every NOTIFY. So an instance sends a heartbeat only when it has heard nobody else's
 * for a while, and all of them together send about as many as one alone.
 */
export class EndedChannel {
	readonly #options: EndedChannelOptions;
	readonly #heartbeats: string;
	readonly #closing = new AbortController();
	#running: Promise<void> | null = null;
	#listening = false;
	#wantedAt = 0;
	#wake: (() => void) | null = null;
	/** The newest transaction whose heartbeat was heard on this connection. */
	#heard = 0;

	constructor(options: EndedChannelOptions) {
		this.#options = options;
		this.#heartbeats = `${options.channel}_beat`;
	}

	/** Says that somebody would use memory. The first time connects; after a quiet time heartbeats begin again. */
	want(): void {
		this.#wantedAt = performance.now();
		this.#wake?.();
		if (!this.#closing.signal.aborted) this.#running ??= this.#run();
	}

	async close(): Promise<void> {
		this.#closing.abort();
		// A connection that is only being made ends by itself.
		if (this.#listening) await this.#running;
	}

	/** Listens until it is closed, or finds that this connection cannot. */
	async #run(): Promise<void> {
		let failures = 0;
		let event = "session_memory_on";
		while (!this.#closing.signal.aborted) {
			try {
				await this.#listen(() => {
					if (failures > 0 || event === "session_memory_on") this.#options.log({ level: "info", event });
					event = "session_memory_back";
					failures = 0;
				});
			} catch (error) {
				if (error instanceof CannotListen) {
					this.#options.log({ level: "warn", event: "session_memory_off", reason: error.message });
					return;
				}
				failures += 1;
				if (failures === 1 && !this.#closing.signal.aborted) {
					this.#options.log({ level: "warn", event: "session_memory_away", ...describeError(error) });
				}
			}
			const pauseMs = Math.min(longestPauseMs, 50 * 2 ** failures);
			await this.#pause(pauseMs * (0.5 + Math.random() / 2), this.#closing.signal);
		}
	}

	/** One connection, from its beginning to its end. */
	async #listen(onReady: () => void): Promise<void> {
		const over = new AbortController();
		const client = await this.#options.connect();
		const end = () => {
			if (over.signal.aborted) return;
			over.abort();
			// What is still asked on it is answered by this.
			client.release(true);
		};
		try {
			if (this.#closing.signal.aborted) return;
			this.#closing.signal.addEventListener("abort", end);
			client.on("error", end);
			client.on("end", end);
			client.on("notification", ({ channel, payload = "" }) => {
				// What a connection that was given up still hears proves nothing of the next.
				if (!over.signal.aborted) this.#hear(channel, payload);
			});
			await this.#begin(client);
			onReady();
			while (!over.signal.aborted) {
				const sentAt = performance.now();
				await this.#heartbeat(client, over.signal);
				await this.#pause(heartbeatMs - (performance.now() - sentAt), over.signal);
				if (performance.now() - this.#wantedAt > quietAfterMs) await this.#untilWanted(over.signal);
			}
			if (!this.#closing.signal.aborted) throw new Error("The connection that listens was closed");
		} finally {
			this.#closing.signal.removeEventListener("abort", end);
			this.#listening = false;
			this.#options.lease.drop();
			this.#options.onGap();
			end();
		}
	}

	async #begin(client: PostgresClient): Promise<void> {
		// After a failover, numbers may begin lower.
		this.#heard = 0;
		const answered = <R>(text: string) => ask<R>(client, text, [], answerMs);
		const [server] = await answered<{ pid: number }>("SELECT pg_backend_pid() AS pid");
		// Before anything is set on a connection that is somebody else's the next moment.
		if (client.processID !== server!.pid) throw new CannotListen(behindPooler);
		// A heartbeat that a crash loses is no loss, and need not reach the disk ten times a second.
		await answered("SET synchronous_commit TO off");
		await answered(`LISTEN ${quoted(this.#options.channel)}`);
		await answered(`LISTEN ${quoted(this.#heartbeats)}`);
		// What is being read just now may have ended before anybody listened.
		this.#options.onGap();
		this.#listening = true;
	}

	async #heartbeat(client: PostgresClient, over: AbortSignal): Promise<void> {
		const { lease } = this.#options;
		const askedAt = lease.instant();
		// Read as our own statements are, however an application reads its own.
		const { rows } = await client.query({ text: question, types: resultTypes, query_timeout: answerMs });
		const { now, pid, ...snapshot } = rows[0] as { now: number; pid: number; unfinished: string };
		const unfinished = Number(snapshot.unfinished);
		if (client.processID !== pid) throw new CannotListen(behindPooler);
		if (!(await this.#hearsFrom(unfinished, patienceMs * (1 + Math.random()), over))) {
			if (over.aborted) return;
			await client.query({ text: heartbeat, values: [this.#heartbeats], query_timeout: answerMs });
			// Usually it came before the answer did.
			if (!(await this.#hearsFrom(unfinished, answerMs, over))) throw new Error("A heartbeat did not come back");
		}
		lease.renew(askedAt, now);
	}

	/** Whether a heartbeat comes, within so long, from a transaction that was not finished at the time of the question. */
	async #hearsFrom(unfinished: number, withinMs: number, over: AbortSignal): Promise<boolean> {
		for (let waitedMs = 0; this.#heard < unfinished; waitedMs += 10) {
			if (over.aborted || waitedMs >= withinMs) return false;
			await this.#pause(10, over);
		}
		return true;
	}

	#hear(channel: string, payload: string): void {
		if (channel === this.#heartbeats) {
			this.#heard = Math.max(this.#heard, Number(payload) || 0);
		} else if (channel === this.#options.channel) {
			this.#options.onEnded(payload.startsWith("u:") ? "user" : "session", payload.slice(2));
		}
	}

	async #untilWanted(over: AbortSignal): Promise<void> {
		if (over.aborted) return;
		const { promise, resolve } = Promise.withResolvers<void>();
		this.#wake = resolve;
		over.addEventListener("abort", this.#wake);
		await promise;
		over.removeEventListener("abort", this.#wake);
		this.#wake = null;
	}

	/** Waits, without keeping the process alive for it. */
	async #pause(ms: number, signal: AbortSignal): Promise<void> {
		if (ms > 0) await sleep(ms, undefined, { ref: false, signal }).catch(() => {});
	}
}

/** Has no number of its own, writes nothing and wakes nobody. */
const question = `SELECT floor(extract(epoch from statement_timestamp()) * 1000)::bigint AS now, pg_backend_pid() AS pid,
	pg_snapshot_xmax(pg_current_snapshot())::text AS unfinished`;

const heartbeat = "SELECT pg_notify($1, pg_current_xact_id()::text)";

/** Said once, since it will not change: each session is then asked for in the database. */
class CannotListen extends Error {}

export const behindPooler =
	"There is a pooler before PostgreSQL, through which it cannot be listened to, so each check asks the database. Give the database's own address in AUTH_DATABASE_DIRECT_URL.";
