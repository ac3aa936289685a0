import { misconfigured } from "../errors.ts";
import type { MailMessage } from "./mail-message.ts";
import type { MailTransport } from "./transport.ts";

const timeoutMs = 20_000;

/** The part of `nodemailer` that is used: an optional peer, loaded when the first message is sent. */
interface Nodemailer {
	createTransport(options: object): { sendMail(mail: object): Promise<unknown>; close(): void };
}

/** Sends through a mail server. `url` as in `SMTP_URL`. */
export function smtpTransport(url: string): MailTransport {
	let opening: Promise<ReturnType<Nodemailer["createTransport"]>> | null = null;
	return async (message) => {
		opening ??= openServer(url).catch((error: unknown) => {
			opening = null;
			throw error;
		});
		await (await opening).sendMail(toMail(message));
	};
}

async function openServer(url: string): Promise<ReturnType<Nodemailer["createTransport"]>> {
	const { createTransport } = await loadNodemailer();
	return createTransport({
		url,
		pool: false,
		connectionTimeout: timeoutMs,
		greetingTimeout: timeoutMs,
		socketTimeout: timeoutMs,
		// A message is what we make of text. Nothing in it may name a file or an address to be read.
		disableFileAccess: true,
		disableUrlAccess: true,
	});
}

async function loadNodemailer(): Promise<Nodemailer> {
	try {
		// Whoever sends in another way builds without it, and without a warning.
		return await import(/* turbopackOptional: true */ "nodemailer");
	} catch (cause) {
		if (!/^(ERR_)?MODULE_NOT_FOUND$/.test((cause as NodeJS.ErrnoException).code ?? "")) throw cause;
		throw misconfigured("SMTP_URL is set but nodemailer is not installed; run: npm install nodemailer", cause);
	}
}

function toMail({ id, to, from, subject, text, html, language }: MailMessage): object {
	const domain = from.slice(from.lastIndexOf("@") + 1).replace(/>$/, "");
	return {
		from,
		// An object, which is not parsed: what the account has is the one recipient.
		to: { name: "", address: to },
		envelope: { from: bareAddress(from), to: [to] },
		subject,
		text,
		html,
		messageId: `<${id}@${domain}>`,
		// RFC 3834: nobody's absence is to answer. RFC 8058 has no place here: these cannot be unsubscribed from.
		headers: { "Auto-Submitted": "auto-generated", "Content-Language": language },
	};
}

function bareAddress(from: string): string {
	return /<([^<>]+)>$/.exec(from)?.[1] ?? from;
}
