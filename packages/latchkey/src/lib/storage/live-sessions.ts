import type { LiveSession } from "./storage.ts";

/**
 * The sessions that this process has read and nobody has ended since. Bounded: there are two generations, and when the
 * younger one is full, it takes the place of the older one, whatever that still holds. So whoever is checked again stays,
 * and making room costs nothing.
 */
export class LiveSessions {
	readonly #maxOfEach: number;
	readonly #forMs: number;
	#young = new Generation();
	#old = new Generation();
	#changes = 0;

	/** At most so many (two at least), and each for so long. Default: for as long as it lives. */
	constructor(max: number, forMs = Number.POSITIVE_INFINITY) {
		this.#maxOfEach = Math.max(1, Math.floor(max / 2));
		this.#forMs = forMs;
	}

	/** Moves with everything that is forgotten, so that a read that began before can be known by it. */
	get changes(): number {
		return this.#changes;
	}

	get size(): number {
		return this.#young.size + this.#old.size;
	}

	/**
	 * The session if it is remembered as live, at this very generation. A newer token knows more than memory does, and an
	 * older one is for the row to judge. `databaseNow` is asked only where there is something to find: the database's time,
	 * once everything that ended before it is forgotten, or `null` when nobody can say that.
	 */
	find(secretHash: Uint8Array, generation: number, databaseNow: () => number | null): LiveSession | null {
		const key = keyOf(secretHash);
		if (this.#recall(key)?.session.generation !== generation) return null;
		const now = databaseNow();
		const known = this.#recall(key);
		if (now === null || known === undefined) return null;
		const { session, user } = known;
		if (now >= session.idleExpiresAt || now >= session.expiresAt) return null;
		// A database's clock that was set back makes it look younger than it is.
		if (Math.abs(now - known.now) >= this.#forMs) return null;
		return { now, session, user };
	}

	/** Remembers what was read, if nothing was forgotten since the read began. */
	keep(secretHash: Uint8Array, { now, session, user }: LiveSession, changesBefore: number): void {
		if (changesBefore !== this.#changes) return;
		this.#put(keyOf(secretHash), { now, session: Object.freeze(session), user: Object.freeze(user) });
	}

	forgetSession(sessionId: string): void {
		this.#changes += 1;
		this.#young.dropSession(sessionId);
		this.#old.dropSession(sessionId);
	}

	forgetUser(userId: string): void {
		this.#changes += 1;
		this.#young.dropUser(userId);
		this.#old.dropUser(userId);
	}

	forgetAll(): void {
		this.#changes += 1;
		if (this.size === 0) return;
		this.#young = new Generation();
		this.#old = new Generation();
	}

	#recall(key: string): LiveSession | undefined {
		const young = this.#young.get(key);
		if (young !== undefined) return young;
		const known = this.#old.get(key);
		if (known !== undefined) this.#put(key, known);
		return known;
	}

	#put(key: string, live: LiveSession): void {
		this.#young.drop(key);
		this.#old.drop(key);
		if (this.#young.size >= this.#maxOfEach) {
			this.#old = this.#young;
			this.#young = new Generation();
		}
		this.#young.put(key, live);
	}
}

/** Sessions by the hash of their secret, and where to look for those of an id. */
class Generation {
	readonly #bySecret = new Map<string, LiveSession>();
	readonly #secretOfSession = new Map<string, string>();
	readonly #sessionsOfUser = new Map<string, Set<string>>();

	get size(): number {
		return this.#bySecret.size;
	}

	get(key: string): LiveSession | undefined {
		return this.#bySecret.get(key);
	}

	put(key: string, live: LiveSession): void {
		const { session, user } = live;
		this.#bySecret.set(key, live);
		this.#secretOfSession.set(session.id, key);
		const sessions = this.#sessionsOfUser.get(user.id);
		if (sessions === undefined) this.#sessionsOfUser.set(user.id, new Set([session.id]));
		else sessions.add(session.id);
	}

	drop(key: string): void {
		const known = this.#bySecret.get(key);
		if (known === undefined) return;
		const { session, user } = known;
		this.#bySecret.delete(key);
		this.#secretOfSession.delete(session.id);
		const sessions = this.#sessionsOfUser.get(user.id);
		sessions?.delete(session.id);
		if (sessions?.size === 0) this.#sessionsOfUser.delete(user.id);
	}

	dropSession(sessionId: string): void {
		const key = this.#secretOfSession.get(sessionId);
		if (key !== undefined) this.drop(key);
	}

	dropUser(userId: string): void {
		for (const sessionId of [...(this.#sessionsOfUser.get(userId) ?? [])]) this.dropSession(sessionId);
	}
}

function keyOf({ buffer, byteOffset, byteLength }: Uint8Array): string {
	return Buffer.from(buffer, byteOffset, byteLength).toString("latin1");
}
