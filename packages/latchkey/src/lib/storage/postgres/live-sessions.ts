import type { LiveSession } from "../storage.ts";

/**
 * A session is read anew when it was remembered for this long, because nobody tells of renewals: a copied token that fell
 * behind must not live off memory. As long as the grace of a generation.
 */
const rememberedForMs = 30_000;

/** The sessions that this process has read and nobody has ended since. Bounded: the oldest make room. */
export class LiveSessions {
	readonly #max: number;
	readonly #bySecret = new Map<string, LiveSession>();
	readonly #secretOfSession = new Map<string, string>();
	readonly #sessionsOfUser = new Map<string, Set<string>>();
	#changes = 0;

	constructor(max: number) {
		this.#max = max;
	}

	/** Moves with everything that is forgotten, so that a read that began before can be known by it. */
	get changes(): number {
		return this.#changes;
	}

	get size(): number {
		return this.#bySecret.size;
	}

	/**
	 * The session if it is remembered as live at `now`, at this very generation. A newer token knows more than memory
	 * does, and an older one is for the row to judge.
	 */
	find(secretHash: Uint8Array, generation: number, now: number): LiveSession | null {
		const known = this.#bySecret.get(keyOf(secretHash));
		if (known === undefined) return null;
		const { session, user } = known;
		if (session.generation !== generation) return null;
		if (now >= session.idleExpiresAt || now >= session.expiresAt) return null;
		// A database's clock that was set back makes it look younger than it is.
		if (Math.abs(now - known.now) >= rememberedForMs) return null;
		return { now, session, user };
	}

	/** Remembers what was read, if nothing was forgotten since the read began. */
	keep(secretHash: Uint8Array, live: LiveSession, changesBefore: number): void {
		if (changesBefore !== this.#changes) return;
		const key = keyOf(secretHash);
		this.#drop(key);
		if (this.#bySecret.size >= this.#max) this.#drop(this.#bySecret.keys().next().value!);
		const { session, user } = live;
		this.#bySecret.set(key, { now: live.now, session: Object.freeze(session), user: Object.freeze(user) });
		this.#secretOfSession.set(session.id, key);
		const sessions = this.#sessionsOfUser.get(user.id);
		if (sessions === undefined) this.#sessionsOfUser.set(user.id, new Set([session.id]));
		else sessions.add(session.id);
	}

	forgetSession(sessionId: string): void {
		this.#changes += 1;
		const key = this.#secretOfSession.get(sessionId);
		if (key !== undefined) this.#drop(key);
	}

	forgetUser(userId: string): void {
		this.#changes += 1;
		for (const sessionId of [...(this.#sessionsOfUser.get(userId) ?? [])]) {
			this.#drop(this.#secretOfSession.get(sessionId)!);
		}
	}

	forgetAll(): void {
		this.#changes += 1;
		this.#bySecret.clear();
		this.#secretOfSession.clear();
		this.#sessionsOfUser.clear();
	}

	#drop(key: string): void {
		const known = this.#bySecret.get(key);
		if (known === undefined) return;
		const { session, user } = known;
		this.#bySecret.delete(key);
		this.#secretOfSession.delete(session.id);
		const sessions = this.#sessionsOfUser.get(user.id);
		sessions?.delete(session.id);
		if (sessions?.size === 0) this.#sessionsOfUser.delete(user.id);
	}
}

function keyOf({ buffer, byteOffset, byteLength }: Uint8Array): string {
	return Buffer.from(buffer, byteOffset, byteLength).toString("latin1");
}
