/** The outbox: messages that are written with what they tell of, and sent after the answer. */
export interface MailStorage {
	/**
	 * Takes messages that are due, oldest first, for `leaseMs`: until then no other caller gets them, and after that
	 * whoever comes first does. One guarded UPDATE, so of any number of senders at once each message has one.
	 */
	claimMails(input: { limit: number; leaseMs: number }): Promise<ClaimedMail[]>;

	/** Forgets a message that was sent. False when the lease was over and somebody else has it. */
	finishMail(claim: MailClaim): Promise<boolean>;

	/** Gives a message back, to be due after `waitMs`; with `null` it is dead: kept for a month for the operator, never sent. */
	postponeMail(claim: MailClaim & { waitMs: number | null }): Promise<boolean>;

	/** How many messages are dead, and how many are due for more than `lateMs`; counts to 1000 at most. */
	countMails(input: { lateMs: number }): Promise<{ dead: number; late: number }>;
}

/** A message that an event gives rise to. It holds no secret: what a link or a code needs is made when it is sent. */
export interface NewMail {
	/** UUIDv7. */
	id: string;
	kind: string;
	/** Where to; `null` for the address that the event's user has at that moment, and nowhere when there is none. */
	recipient: string | null;
	/** Whose account it is about; `null` when it depends on whether there is one. */
	userId: string | null;
	/** A language tag; `null` for the user's. */
	language: string | null;
	/** What the template needs to know. Small JSON without secrets. */
	about: Readonly<Record<string, unknown>>;
	/** How long it is worth sending. */
	lifetimeMs: number;
}

export interface MailClaim {
	id: string;
	/** How often it was claimed, this time included: names the lease. */
	attempts: number;
}

export interface ClaimedMail extends MailClaim {
	kind: string;
	recipient: string;
	userId: string | null;
	language: string | null;
	about: Readonly<Record<string, unknown>>;
	createdAt: number;
	expiresAt: number;
	/** The database's clock at the claim. */
	now: number;
}
