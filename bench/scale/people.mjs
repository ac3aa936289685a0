/** The people in the databases: everything of theirs follows from their number, so that nobody has to remember them. */
import { createHash, randomBytes, randomUUID } from "node:crypto";

const hex = (number) => number.toString(16).padStart(12, "0");

/** As the application makes them, they sort by time: new rows come last. */
export const userId = (number) => `01900000-0000-7000-8000-${hex(number)}`;
export const sessionId = (number) => `01900000-0000-7000-9000-${hex(number)}`;
export const email = (number) => `person-${number}@example.com`;

/** What the person's token says and the row keeps a hash of. */
export const secretOf = (number) => String(number).padStart(22, "0");

export function secretHash(number) {
	return hashOf(secretOf(number));
}

function hashOf(secret) {
	return new Uint8Array(createHash("sha256").update(secret).digest());
}

/** Whom expired sessions and tokens belong to: nobody who is ever picked. */
export const reserved = 1;

export function pick(users) {
	return Math.floor(Math.random() * (users - reserved));
}

/** The rows that a measured call leaves behind, to be taken away again once the clock has stopped. */
export const made = { sessions: [], events: [] };

export function newSession() {
	const id = randomUUID();
	const secret = randomBytes(16).toString("base64url");
	made.sessions.push(id);
	return {
		id,
		secret,
		secretHash: hashOf(secret),
		lifetimeMs: 2_592_000_000,
		idleMs: 1_209_600_000,
		amr: ["pwd"],
		level: "aal1",
		address: "203.0.113.7",
		userAgent,
	};
}

export const userAgent =
	"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";

export function newEvent(userId) {
	// Sorts after all others, as a new one does.
	const id = `0190f000-${randomUUID().slice(9)}`;
	made.events.push(id);
	return {
		id,
		type: "sign_in.succeeded",
		userId,
		sessionId: null,
		address: "203.0.113.7",
		userAgent: null,
		detail: null,
	};
}

/** As long as a sealed PHC string is. */
export const sealedPassword = "p".repeat(190);

/** Expired rows that upkeep finds, as many in every database: it is asked to delete the same few each time. */
export const expired = 20_000;
