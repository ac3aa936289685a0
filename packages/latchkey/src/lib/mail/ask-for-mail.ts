import type { Engine } from "../engine.ts";
import type { Refusal } from "../errors.ts";
import { addressSubject, tooManyAttempts } from "../http/throttle.ts";
import type { Visitor } from "../http/visitor.ts";
import { preferredLanguage } from "./languages.ts";

/** Counts a message that a visitor asks for, or refuses it: alike for recipients with and without an account. */
export async function admitMail(
	engine: Engine,
	visitor: Visitor,
	canonical: string,
): Promise<{ readonly ok: true } | Refusal> {
	const admission = await engine.throttle.admit([
		{ rule: "mailRecipient", subject: canonical },
		{ rule: "mailAddress", subject: addressSubject(engine, visitor) },
	]);
	return admission.ok ? { ok: true } : tooManyAttempts(admission);
}

/** The language that a visitor is written to in. */
export function languageOf({ options }: Pick<Engine, "options">, { headers }: Pick<Visitor, "headers">): string {
	return options.mail.language?.({ headers }) ?? preferredLanguage(headers.get("accept-language"));
}
