import { connection } from "next/server.js";
import type { Engine } from "../engine.ts";
import type { TotpEnrolment } from "../totp/totp.ts";
import type { CurrentRequest } from "./current-session.ts";
import type { FormState } from "./form-state.ts";

/** A provider, as its button needs it. */
export interface OfferedAtSignIn {
	readonly id: string;
	readonly name: string;
}

/** What pages show of a sign-in or a sign-up under way. They only read. */
export function signInPages(opening: () => Promise<Engine>, request: () => Promise<CurrentRequest>) {
	return {
		providers: async () => {
			await connection();
			return (await opening()).providers.offered.map(({ definition: { id, name } }) => ({ id, name }));
		},
		pendingSignIn: async () => {
			const { engine, visitor } = await request();
			const { currentAttempt, toPendingAttempt } = await import("../second-step/pending-attempt.ts");
			const pending = await currentAttempt(engine, visitor);
			return pending === null ? null : toPendingAttempt(engine, pending);
		},
		pendingSignUp: async () => {
			const { engine, visitor } = await request();
			const { readHeldSignUp, toPendingSignUp } = await import("../oauth/held-sign-up.ts");
			const held = await readHeldSignUp(engine, visitor);
			return held === null ? null : toPendingSignUp(engine, held);
		},
		totpEnrolment: async (state: FormState) => totpEnrolment(await request(), state),
	};
}

async function totpEnrolment(
	{ engine, visitor, current }: CurrentRequest,
	{ values: { enrolment = "" } }: FormState,
): Promise<TotpEnrolment | null> {
	const { currentAttempt } = await import("../second-step/pending-attempt.ts");
	const { continueTotp, startTotp } = await import("../totp/totp.ts");
	const pending = await currentAttempt(engine, visitor);
	const mayEnrol = pending?.step.enrolments.includes("totp") === true;
	const user = mayEnrol ? pending?.credentials.user : current?.user;
	if (user === undefined) return null;
	return (enrolment === "" ? null : await continueTotp(engine, user, enrolment)) ?? startTotp(engine, user);
}
