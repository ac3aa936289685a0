import type { Engine } from "../engine.ts";
import { nothingToSettle } from "../http/throttle.ts";
import type { Visitor } from "../http/visitor.ts";
import type { Authentication } from "../sessions/open-session.ts";
import type { SignInResult } from "../sign-in/sign-in.ts";
import type { SessionRecord, UserRecord } from "../storage/storage.ts";
import { isPhishingResistant, reaches } from "./authentication.ts";
import { startAttempt } from "./pending-attempt.ts";
import { policyFor, secondStepFor } from "./second-step.ts";

/**
 * Whether a session may go on that has shown this much. The third level lasts no longer than its proof (NIST SP 800-63B-4,
 * section 2.3.3), and a session may have begun before its owner asked for more.
 */
export function isEnough(engine: Engine, user: UserRecord, { amr, level }: Authentication): boolean {
	switch (policyFor(engine, user)) {
		case "optional":
			return true;
		case "required":
			return reaches(level, "aal2");
		case "phishing-resistant":
			return isPhishingResistant(amr);
		case "device-bound":
			return reaches(level, "aal3");
	}
}

/**
 * Asks for what is missing in the place of a session that a change of what proves somebody has opened, and that nobody holds yet:
 * it ends, and what it has shown waits for the rest.
 */
export async function askForTheRest(
	engine: Engine,
	visitor: Visitor,
	{ id: sessionId, userId, epoch, amr, level }: SessionRecord,
	method: string,
): Promise<SignInResult> {
	const credentials = await engine.storage.findCredentialsOfUser(userId);
	await engine.storage.endSession({ userId, sessionId, events: [] });
	const step = credentials?.user.epoch === epoch ? secondStepFor(engine, credentials, { amr, level }) : null;
	if (!credentials || step === null) return { ok: false, code: "not_authenticated" };
	return startAttempt(engine, visitor, {
		credentials,
		method,
		authentication: { amr, level },
		began: { continues: sessionId },
		settle: nothingToSettle,
		step,
	});
}
