import type { MailMessage } from "./mail-message.ts";

/** Hands a message to whatever delivers it. Resolves once that has taken it over; rejects when it did not. */
export type MailTransport = (message: MailMessage) => Promise<unknown>;

/** What a message failed for, as far as it may be said in a log: the text of an error can hold the recipient. */
export interface SendFailure {
	readonly code: string;
	/** Whether trying again is of no use: a mail server refused it for good (RFC 5321, section 4.2.1). */
	readonly permanent: boolean;
}

export function describeFailure(error: unknown): SendFailure {
	const { code, responseCode } = (typeof error === "object" && error !== null ? error : {}) as {
		code?: unknown;
		responseCode?: unknown;
	};
	const name = typeof code === "string" && /^[A-Z_]{2,20}$/.test(code) ? code : "failed";
	if (typeof responseCode !== "number") return { code: name, permanent: false };
	// A refused sign-in at the mail server is the operator's to mend, not the end of the message.
	const permanent = responseCode >= 500 && responseCode < 600 && name !== "EAUTH";
	return { code: `${name} ${responseCode}`, permanent };
}
