import { randomSecret } from "../crypto/random.ts";
import { type CodePurpose, codeHash, holderByUser, randomCode } from "../email-codes/code.ts";
import { undoSecret } from "../email-verification/undo-email-change.ts";
import type { Engine } from "../engine.ts";
import type { ClaimedMail } from "../storage/mail-storage.ts";
import type { UserRecord } from "../storage/storage.ts";
import { parseEmail } from "../users/identifiers.ts";
import { hashLinkSecret, type MailLinkPurpose, sealMailLink } from "./mail-link.ts";
import { isMailKind, type MailKind, type MailMessage, mailKinds } from "./mail-message.ts";
import { renderMail } from "./render-mail.ts";
import { type MailContext, templates } from "./templates.ts";
import { wordsIn } from "./words.ts";

/** What a message turns out to say once it is known whether there is an account. */
interface Letter {
	kind: MailKind;
	to: string;
	details?: Partial<Omit<MailContext, "site" | "language" | "when" | "pages">>;
}

/**
 * Makes a message of what the outbox holds, and only now whatever secret it needs: nothing that signs anybody in is ever
 * stored but as a hash. Whether there is an account is looked up here too, so that asking takes the same for all.
 */
export async function composeMail(engine: Engine, mail: ClaimedMail): Promise<MailMessage | null> {
	const letter = isMailKind(mail.kind) ? await letters[mail.kind](engine, mail) : null;
	if (letter === null) return null;
	const { options, settings } = engine;
	const { language } = wordsIn(mail.language);
	const context: MailContext = {
		site: siteName(engine),
		language,
		link: "",
		code: "",
		lifetimeMs: 0,
		when: formatTime(mail.createdAt, language),
		address: null,
		userAgent: null,
		type: "",
		newEmail: "",
		deletesAt: "",
		pages: pagesOf(engine),
		...letter.details,
	};
	const template = options.mail.templates?.[letter.kind] ?? templates[letter.kind];
	const { subject, text, html } = renderMail(template(context), language);
	const from = options.mail.from ?? `no-reply@${new URL(settings.origin).hostname}`;
	return { id: mail.id, kind: letter.kind, to: letter.to, from, subject, text, html, language };
}

type Compose = (engine: Engine, mail: ClaimedMail) => Promise<Letter | null>;

const letters: Record<MailKind, Compose> = {
	async password_reset(engine, { recipient, about, now }) {
		const canonical = String(about.canonical);
		const user = await userWith(engine, canonical);
		if (user === null) return noAccount(engine, recipient);
		const purpose = "password-reset";
		const { secret, tokenHash } = newSecret();
		const lifetimeMs = mailKinds.password_reset;
		const token = { purpose, subject: user.id, tokenHash, lifetimeMs, payload: { canonical } };
		// Beside those of earlier messages: nobody can make them useless by asking once more.
		await engine.storage.putToken(token);
		const link = linkTo(engine, { purpose, secret, email: user.email!, expiresAt: now + lifetimeMs });
		return { kind: "password_reset", to: user.email!, details: { link, lifetimeMs } };
	},

	async sign_in_code(engine, mail) {
		const canonical = String(mail.about.canonical);
		const user = await userWith(engine, canonical);
		if (user === null) return noAccount(engine, mail.recipient);
		const code = { purpose: "sign-in-code", subject: user.id, payload: { canonical } } as const;
		return withCode(engine, mail, { ...code, kind: "sign_in_code", email: user.email!, holder: holderOf(mail) });
	},

	async sign_up_code(engine, mail) {
		const { holder: _holder, userId, ...registration } = mail.about;
		const taken = await userWith(engine, String(registration.canonical));
		if (taken !== null) return { kind: "already_registered", to: taken.email! };
		const email = mail.recipient;
		const payload = { value: email, ...registration };
		const code = { purpose: "sign-up-code", subject: String(userId), payload } as const;
		return withCode(engine, mail, { ...code, kind: "sign_up_code", email, holder: holderOf(mail) });
	},

	async verify_email(engine, mail) {
		const user = await userBy(engine, mail);
		const address = user?.email ? parseEmail(user.email) : null;
		if (user === null || !address?.ok || user.emailVerifiedAt !== null) return null;
		const payload = { canonical: address.canonical };
		const code = { purpose: "verify-code", subject: user.id, payload } as const;
		return withCode(engine, mail, {
			...code,
			kind: "verify_email",
			email: address.value,
			holder: holderByUser(user.id),
		});
	},

	async change_email(engine, mail) {
		const { userId } = mail;
		const pending = await engine.storage.findToken({ purpose: "email-change", subject: userId! });
		const { value, canonical, nonce } = (pending?.payload ?? {}) as Record<string, string>;
		// Dead since: by a newer change, a reset or a proof.
		if (nonce === undefined || nonce !== mail.about.nonce) return null;
		const taken = await userWith(engine, canonical!);
		if (taken !== null && taken.id !== userId) return { kind: "already_registered", to: taken.email! };
		const code = { purpose: "email-change-code", subject: userId!, payload: { nonce } } as const;
		return withCode(engine, mail, { ...code, kind: "change_email", email: value!, holder: holderByUser(userId!) });
	},

	async already_registered(_engine, { recipient }) {
		return { kind: "already_registered", to: recipient };
	},

	async no_account(_engine, { recipient }) {
		return { kind: "no_account", to: recipient };
	},

	async email_changed(engine, mail) {
		const { recipient, about, now } = mail;
		const undo = await undoSecret(engine, mail);
		if (undo === null) return null;
		const { secret, lifetimeMs } = undo;
		const link = linkTo(engine, { purpose: "email-undo", secret, email: recipient, expiresAt: now + lifetimeMs });
		const details = { link, lifetimeMs, newEmail: String(about.next), ...whose(about) };
		return { kind: "email_changed", to: recipient, details };
	},

	async deletion_requested(engine, { recipient, userId, about, language, now }) {
		const purpose = "deletion-undo";
		const deletesAt = Number(about.deletesAt);
		const lifetimeMs = Math.max(1, deletesAt - now);
		const { secret, tokenHash } = newSecret();
		await engine.storage.replaceToken({
			token: { purpose, subject: userId!, tokenHash, lifetimeMs, payload: null },
			events: [],
		});
		const link = linkTo(engine, { purpose, secret, email: recipient, expiresAt: deletesAt });
		const details = { link, lifetimeMs, deletesAt: formatTime(deletesAt, wordsIn(language).language), ...whose(about) };
		return { kind: "deletion_requested", to: recipient, details };
	},

	async user_deleted(_engine, { recipient }) {
		return { kind: "user_deleted", to: recipient };
	},

	async notice(_engine, { recipient, about }) {
		return { kind: "notice", to: recipient, details: { type: String(about.type), ...whose(about) } };
	},
};

/** Where whoever did it was. */
function whose({ address, userAgent }: ClaimedMail["about"]): Pick<MailContext, "address" | "userAgent"> {
	const text = (value: unknown) => (typeof value === "string" ? value : null);
	return { address: text(address), userAgent: text(userAgent) };
}

interface CodeLetter {
	kind: MailKind;
	purpose: CodePurpose;
	subject: string;
	payload: unknown;
	email: string;
	holder: string;
}

async function withCode(engine: Engine, { now }: ClaimedMail, letter: CodeLetter): Promise<Letter> {
	const { kind, purpose, subject, payload, email, holder } = letter;
	const lifetimeMs = mailKinds[kind];
	const code = randomCode();
	const tokenHash = codeHash(engine.emailCodes.current, purpose, holder, code);
	const token = { purpose, subject, tokenHash, lifetimeMs, payload };
	// A stranger who asks for a code must not take the one away that somebody waits for in another browser.
	if (purpose === "sign-in-code") await engine.storage.putToken(token);
	else await engine.storage.replaceToken({ token, events: [] });
	const link = linkTo(engine, { purpose, secret: code, email, expiresAt: now + lifetimeMs, holder });
	return { kind, to: email, details: { code, link, lifetimeMs } };
}

/** Told to the address that has no account, and to nobody else, if it could have one. */
function noAccount({ options }: Engine, recipient: string): Letter | null {
	return options.signUp === "open" ? { kind: "no_account", to: recipient } : null;
}

async function userWith({ storage }: Engine, canonical: string): Promise<UserRecord | null> {
	return (await storage.findCredentials({ kind: "email", canonical }))?.user ?? null;
}

async function userBy({ storage }: Engine, { userId }: ClaimedMail): Promise<UserRecord | null> {
	return userId === null ? null : ((await storage.findCredentialsOfUser(userId))?.user ?? null);
}

function holderOf({ about }: ClaimedMail): string {
	return String(about.holder);
}

function newSecret(): { secret: string; tokenHash: Uint8Array } {
	const secret = randomSecret(128);
	return { secret, tokenHash: hashLinkSecret(secret) };
}

function linkTo(
	{ mailLinks, settings, options }: Engine,
	content: { purpose: MailLinkPurpose; secret: string; email: string; expiresAt: number; holder?: string },
): string {
	return `${settings.origin}${options.basePath}/mail-links/${sealMailLink(mailLinks, content)}`;
}

function pagesOf({ settings: { origin }, options: { pages } }: Engine): MailContext["pages"] {
	return {
		signIn: origin + pages.signIn,
		signUp: origin + pages.signUp,
		forgotPassword: origin + pages.forgotPassword,
		devices: origin + pages.devices,
	};
}

function siteName({ options, settings }: Engine): string {
	return options.name ?? new URL(settings.origin).hostname;
}

function formatTime(milliseconds: number, language: string): string {
	const format = new Intl.DateTimeFormat(language, { dateStyle: "long", timeStyle: "short", timeZone: "UTC" });
	return `${format.format(milliseconds)} UTC`;
}
