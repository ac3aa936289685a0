import { describeError, type Logger } from "../log.ts";
import type { ClaimedMail } from "../storage/mail-storage.ts";
import type { Storage } from "../storage/storage.ts";
import type { MailMessage } from "./mail-message.ts";
import { describeFailure, type MailTransport } from "./transport.ts";

const atOnce = 10;
const leaseMs = 2 * 60_000;
const firstWaitMs = 15_000;
const longestWaitMs = 60 * 60_000;
const pollMs = 30_000;
const stopMs = 5000;

export interface SenderParts {
	/** The store, asked for at each use. */
	storage(): Storage;
	log: Logger;
	/** Makes the message, and whatever secret stands in it; `null` when there is nothing to send after all. */
	render(mail: ClaimedMail): Promise<MailMessage | null>;
	/** `null` where there is no way to send anything: messages then wait until they expire. */
	transport: MailTransport | null;
}

/**
 * Empties the outbox, after answers and never in their way. Any number of senders can be at it: each message is claimed
 * under a lease. What cannot be delivered is tried again with growing pauses until it is not worth sending any more, and
 * is then dead: counted by `GET /health`, said in the log.
 */
export class MailSender {
	readonly #parts: SenderParts;
	readonly #timer: NodeJS.Timeout | null;
	#running: Promise<void> | null = null;
	#wanted = false;
	#stopped = false;

	constructor(parts: SenderParts) {
		this.#parts = parts;
		// What another process left, and what waits for its next attempt.
		this.#timer = parts.transport === null ? null : setInterval(() => this.wake(), pollMs).unref();
	}

	/** Sends what is due, soon. Returns at once. */
	wake(): void {
		if (this.#stopped || this.#parts.transport === null) return;
		this.#wanted = true;
		this.#running ??= this.#run().finally(() => {
			this.#running = null;
			// Somebody may have come by just as it ended.
			if (this.#wanted) this.wake();
		});
	}

	/** Sends what is due now, and resolves when that is done. */
	async flush(): Promise<void> {
		this.wake();
		while (this.#running !== null) await this.#running;
	}

	/** Takes nothing up any more; resolves when what is under way has ended, or has been given time enough for it. */
	async stop(): Promise<void> {
		this.#stopped = true;
		if (this.#timer !== null) clearInterval(this.#timer);
		if (this.#running !== null) await Promise.race([this.#running, passed(stopMs)]);
	}

	async #run(): Promise<void> {
		// First the answer that gave rise to it.
		await new Promise((resolve) => setImmediate(resolve));
		try {
			while (this.#wanted && !this.#stopped) {
				this.#wanted = false;
				const claimed = await this.#parts.storage().claimMails({ limit: atOnce, leaseMs });
				await Promise.all(claimed.map((mail) => this.#deliver(mail)));
				if (claimed.length === atOnce) this.#wanted = true;
			}
		} catch (error) {
			this.#parts.log({ level: "warn", event: "mail_outbox_failed", ...describeError(error) });
		}
	}

	async #deliver(mail: ClaimedMail): Promise<void> {
		const { storage, render, transport } = this.#parts;
		try {
			const message = await render(mail);
			if (message !== null) await withinLease(transport!(message));
		} catch (error) {
			await this.#postpone(mail, error);
			return;
		}
		await storage().finishMail(mail);
	}

	async #postpone(mail: ClaimedMail, error: unknown): Promise<void> {
		const { id, kind, attempts, now, expiresAt } = mail;
		const { code, permanent } = describeFailure(error);
		const waitMs = Math.min(longestWaitMs, firstWaitMs * 2 ** (attempts - 1));
		const isDead = permanent || now + waitMs >= expiresAt;
		const event = isDead ? "mail_dead" : "mail_delayed";
		// Not the error's own words: a mail server repeats the recipient in them.
		this.#parts.log({ level: isDead ? "error" : "warn", event, mailId: id, kind, attempts, reason: code });
		await this.#parts.storage().postponeMail({ id, attempts, waitMs: isDead ? null : waitMs });
	}
}

/** Whoever delivers may take as long as the message is ours, and no longer. */
async function withinLease(delivery: Promise<unknown>): Promise<void> {
	const late = passed(leaseMs).then(() => {
		throw Object.assign(new Error("The delivery took too long"), { code: "ETIMEDOUT" });
	});
	await Promise.race([delivery, late]);
}

function passed(milliseconds: number): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, milliseconds).unref());
}

/** The store, with a sender that hears of every message written. */
export function wakingOnMail(storage: Storage, wake: () => void): Storage {
	const waking = Object.entries(storage).map(([name, operation]) => [
		name,
		// The read behind every request writes nothing.
		name === "readSession" ? operation : heard(operation as (...args: unknown[]) => Promise<unknown>, wake),
	]);
	return Object.fromEntries(waking) as Storage;
}

function heard(operation: (...args: unknown[]) => Promise<unknown>, wake: () => void) {
	return (...args: unknown[]) => {
		const answer = operation(...args);
		if (carriesMail(args[0])) void answer.then(wake, () => {});
		return answer;
	};
}

function carriesMail(input: unknown): boolean {
	const events = Array.isArray(input) ? input : (input as { events?: unknown } | undefined)?.events;
	return Array.isArray(events) && events.some((event) => (event?.mails?.length ?? 0) > 0);
}
