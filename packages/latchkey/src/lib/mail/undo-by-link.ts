import { undoEmailChange } from "../email-verification/undo-email-change.ts";
import type { Engine } from "../engine.ts";
import type { Refusal } from "../errors.ts";
import type { Visitor } from "../http/visitor.ts";
import { keepAccountByLink } from "../users/deletion.ts";
import { openMailLink } from "./mail-link.ts";

/** Takes back what a message told of, by its link: a change of address, or the deletion of the account. */
export async function undoByLink(
	engine: Engine,
	visitor: Visitor,
	link: string,
): Promise<{ readonly ok: true; readonly what: "email_change" | "deletion" } | Refusal> {
	const isDeletion = openMailLink(engine.mailLinks, link)?.purpose === "deletion-undo";
	const undone = await (isDeletion ? keepAccountByLink(engine, visitor, link) : undoEmailChange(engine, visitor, link));
	return undone.ok ? { ok: true, what: isDeletion ? "deletion" : "email_change" } : undone;
}
