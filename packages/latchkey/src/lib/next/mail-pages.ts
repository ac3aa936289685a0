import type { AskedCode } from "../email-codes/code-cookie.ts";
import type { PendingEmail } from "../email-verification/change-email.ts";
import type { Engine } from "../engine.ts";
import type { KeptMail } from "../mail/mailbox.ts";
import type { MailLink } from "../mail/open-mail-link.ts";
import type { CurrentRequest } from "./current-session.ts";
import { protectRequest } from "./protect-request.ts";

/** What pages show of links, codes and what is pending. They only read. */
export function mailPages(opening: () => Promise<Engine>, request: () => Promise<CurrentRequest>) {
	return {
		hasMailbox: async () => keepsMail(await opening()),
		async mailLink(): Promise<MailLink | null> {
			const { engine, visitor, current } = await request();
			const { readMailLink } = await import("../mail/open-mail-link.ts");
			return readMailLink(engine, visitor, current?.user.id ?? null);
		},
		async askedCode(): Promise<Pick<AskedCode, "purpose" | "email"> | null> {
			const { engine, visitor } = await request();
			const { readAskedCode } = await import("../email-codes/code-cookie.ts");
			const asked = readAskedCode(engine, visitor);
			return asked === null ? null : { purpose: asked.purpose, email: asked.email };
		},
		async pendingEmail(): Promise<PendingEmail | null> {
			const { engine, current } = await protectRequest(request, {});
			const { pendingEmailChange } = await import("../email-verification/change-email.ts");
			return pendingEmailChange(engine, current.user.id);
		},
		async pendingDeletion(): Promise<string | null> {
			const { engine, current } = await protectRequest(request, {});
			const { pendingDeletion } = await import("../users/deletion.ts");
			return pendingDeletion(engine, current);
		},
		async mailbox(): Promise<readonly KeptMail[] | null> {
			const { engine } = await request();
			if (!keepsMail(engine)) return null;
			await engine.sender.flush();
			return engine.mailbox.list();
		},
	};
}

/** Not by chance of a loopback peer: by the one address that this site has. */
function keepsMail({ settings, options }: Engine): boolean {
	return settings.loopback && settings.smtpUrl === null && options.mail.send === undefined;
}
