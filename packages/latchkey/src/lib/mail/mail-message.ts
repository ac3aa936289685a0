/** A message as it leaves: in two forms that say the same. */
export interface MailMessage {
	/** What it is about, such as `password_reset`; one of {@link mailKinds}. */
	readonly kind: MailKind;
	/** The one recipient, as the account has it. */
	readonly to: string;
	readonly from: string;
	readonly subject: string;
	readonly text: string;
	readonly html: string;
	/** A language tag (RFC 5646). */
	readonly language: string;
	/** Names the message, the same at every attempt to send it: for a transport that can tell a repetition. */
	readonly id: string;
}

/** Every message that the library sends, and how long each is worth sending. Names are added, never renamed. */
export const mailKinds = {
	/** The link to choose a new password. */
	password_reset: minutes(60),
	/** Code and link to sign in. */
	sign_in_code: minutes(10),
	/** Code and link that finish a sign-up. */
	sign_up_code: minutes(10),
	/** Code and link that prove the address of an account. */
	verify_email: minutes(60),
	/** Code and link that prove a new address before it takes the place of the old one. */
	change_email: minutes(60),
	/** To an address that somebody wanted to sign up with or change to, and that has an account. */
	already_registered: minutes(60),
	/** To an address that asked for a code or a reset and has no account. */
	no_account: minutes(60),
	/** To the old address, with a link that undoes the change. */
	email_changed: days(3),
	/** With a link that keeps the account. */
	deletion_requested: days(3),
	/** The last word. */
	user_deleted: days(3),
	/** Something happened to the account that its owner should know of: an audit event. */
	notice: days(3),
} as const satisfies Record<string, number>;

export type MailKind = keyof typeof mailKinds;

export function isMailKind(kind: string): kind is MailKind {
	return Object.hasOwn(mailKinds, kind);
}

function minutes(count: number): number {
	return count * 60_000;
}

function days(count: number): number {
	return minutes(count * 24 * 60);
}
