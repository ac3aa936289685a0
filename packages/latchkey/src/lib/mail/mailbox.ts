import type { MailMessage } from "./mail-message.ts";

/** A message that went to the mailbox of local development. */
export interface KeptMail extends MailMessage {
	readonly sentAt: number;
}

const mostKept = 100;

/** Where mail goes in local development when there is no mail server: into the memory of this process. */
export class Mailbox {
	readonly #kept: KeptMail[] = [];

	keep(message: MailMessage, sentAt: number): void {
		this.#kept.unshift({ ...message, sentAt });
		this.#kept.length = Math.min(this.#kept.length, mostKept);
	}

	/** Newest first. */
	list(): readonly KeptMail[] {
		return [...this.#kept];
	}
}
