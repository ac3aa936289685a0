import type { HasHeaders } from "../http/visitor.ts";
import type { MailMessage } from "./mail-message.ts";
import type { MailTemplates } from "./templates.ts";

/** How people are written to. */
export interface MailOptions {
	/** The sender, such as `Example <no-reply@example.com>`. Default: `no-reply@` and the host of `AUTH_URL`. */
	from?: string;
	/**
	 * Delivers a message in the place of `SMTP_URL`, such as by a provider's API. What it throws is tried again later, for
	 * as long as the message is worth sending.
	 */
	send?: (message: MailMessage) => Promise<unknown>;
	/**
	 * The language of a visitor, as a tag such as `ar`; `null` for the default. Default: the first of `Accept-Language`
	 * that the words are there for.
	 */
	language?: (request: HasHeaders) => string | null;
	/** Subject and text of messages, in the place of the library's own; each is one function. */
	templates?: Partial<MailTemplates>;
}
