import type { Engine } from "../engine.ts";
import { AuthError } from "../errors.ts";
import type { ResolvedSession } from "../sessions/resolve-session.ts";

/** How often a session is looked at while something goes on in its name. */
const everyMs = 5000;
/** After so many looks in a row that the store did not answer, the session counts as ended. */
const looksWithoutAnswer = 5;

export interface SessionWatch {
	/** Aborts with `not_authenticated` once the session has ended, and at the latest half a minute after it was last known to live. */
	readonly signal: AbortSignal;
	/** To be called when what went on is over. */
	stop(): void;
}

/**
 * Looks again and again whether a session still lives: what streams on must not outlive it. To look is no use of the
 * session, which ends for want of it meanwhile as any other.
 */
export function watchSession({ storage, tokens }: Engine, { token, claims }: ResolvedSession): SessionWatch {
	const ended = new AbortController();
	let unanswered = 0;
	let isLooking = false;

	async function look(): Promise<void> {
		if (isLooking) return;
		isLooking = true;
		try {
			const verified = tokens.read(token);
			const live = verified === null ? null : await storage.readSession(verified.secretHash, claims.gen);
			if (live === null) end();
			unanswered = 0;
		} catch {
			// Counted already; the store says itself that it is away.
		} finally {
			isLooking = false;
		}
	}

	function end(): void {
		clearInterval(timer);
		ended.abort(new AuthError("not_authenticated"));
	}

	const timer = setInterval(() => {
		if (unanswered++ >= looksWithoutAnswer) end();
		else void look();
	}, everyMs);
	timer.unref();
	return { signal: ended.signal, stop: () => clearInterval(timer) };
}
