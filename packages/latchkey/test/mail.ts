import { expect } from "vitest";
import { emailCode } from "../src/lib/email-codes/email-code.ts";
import type { KeptMail } from "../src/lib/mail/mailbox.ts";
import type { AuthOptions } from "../src/lib/options.ts";
import { password } from "../src/lib/passwords/password.ts";
import { openTestAuth, type TestAuth } from "./harness.ts";

export interface MailAuth extends TestAuth {
	/** Sends what is due, and answers everything that was ever sent, newest first. */
	mails(): Promise<readonly KeptMail[]>;
	/** The newest message of a kind, once everything due is sent. */
	mail(kind: string): Promise<KeptMail>;
}

/** An engine whose mail goes into its mailbox, with both ways to sign in. */
export function openMailAuth(options: Partial<AuthOptions> = {}): MailAuth {
	return withMails(openTestAuth({ methods: [password(), emailCode()], emailVerification: "optional", ...options }));
}

export function withMails(auth: TestAuth): MailAuth {
	async function mails(): Promise<readonly KeptMail[]> {
		const { sender, mailbox } = await auth.engine();
		await sender.flush();
		return mailbox.list();
	}
	return Object.assign(auth, {
		mails,
		async mail(kind: string): Promise<KeptMail> {
			const found = (await mails()).find((mail) => mail.kind === kind);
			expect(found, `a message of the kind ${kind}`).toBeDefined();
			return found!;
		},
	});
}

/** The token of the link in a message. */
export function tokenIn({ text }: Pick<KeptMail, "text">): string {
	return /\/mail-links\/([\w-]+)/.exec(text)![1]!;
}

/** The code in a message. */
export function codeIn({ text }: Pick<KeptMail, "text">): string {
	return /^ {4}(\d{6})$/m.exec(text)![1]!;
}

/** Has a new password set by the link that is mailed to the address. */
export async function resetByMail(auth: MailAuth, email: string, newPassword: string): Promise<void> {
	await auth.browser().post("/api/auth/password-resets", { email });
	const token = tokenIn(await auth.mail("password_reset"));
	expect((await auth.browser().put(`/api/auth/password-resets/${token}`, { newPassword })).status).toBe(200);
}
