import { deviceName } from "./device-name.ts";
import type { MailKind } from "./mail-message.ts";
import { wordsIn } from "./words.ts";
import type { MailWords } from "./words-en.ts";

/** What a template is given. Values are text as people typed it or programs sent it: {@link renderMail} escapes it. */
export interface MailContext {
	/** The site's name. */
	readonly site: string;
	readonly language: string;
	/** Where the link of the message leads. */
	readonly link: string;
	/** Six digits, in the messages that have a code. */
	readonly code: string;
	/** How long link and code are good. */
	readonly lifetimeMs: number;
	/** When it happened, in the language. */
	readonly when: string;
	/** The network address of whoever it was. */
	readonly address: string | null;
	readonly userAgent: string | null;
	/** The type of a notice's event. */
	readonly type: string;
	/** In `email_changed`: the address that took this one's place. */
	readonly newEmail: string;
	/** In `deletion_requested`: when the account will be gone, in the language. */
	readonly deletesAt: string;
	/** Pages that a message may lead to. */
	readonly pages: {
		readonly signIn: string;
		readonly signUp: string;
		readonly forgotPassword: string;
		readonly devices: string;
	};
}

/** A message before it becomes text and HTML. */
export interface MailContent {
	readonly subject: string;
	readonly blocks: readonly MailBlock[];
}

export type MailBlock =
	| { readonly type: "paragraph"; readonly text: string }
	/** Words, and the address that they lead to. */
	| { readonly type: "link"; readonly text: string; readonly url: string }
	| { readonly type: "code"; readonly text: string; readonly code: string }
	| { readonly type: "facts"; readonly facts: readonly (readonly [name: string, value: string])[] };

export type MailTemplate = (context: MailContext) => MailContent;

export type MailTemplates = Readonly<Record<MailKind, MailTemplate>>;

/** One function for each message. */
export const templates: MailTemplates = {
	password_reset: ({ site, link, lifetimeMs, language }) => {
		const words = wordsIn(language);
		const { subject, text, link: linkText, ignore } = words.passwordReset;
		return message(words, site, subject, [
			paragraph(text),
			{ type: "link", text: linkText, url: link },
			paragraph(lifetime(words, lifetimeMs)),
			paragraph(ignore),
		]);
	},
	sign_in_code: (context) => withCode(context, wordsIn(context.language).signInCode),
	sign_up_code: (context) => withCode(context, wordsIn(context.language).signUpCode),
	verify_email: (context) => withCode(context, wordsIn(context.language).verifyEmail),
	change_email: (context) => withCode(context, wordsIn(context.language).changeEmail),
	already_registered: ({ site, pages, language }) => {
		const words = wordsIn(language);
		const { subject, text, signIn, forgot, ignore } = words.alreadyRegistered;
		return message(words, site, subject, [
			paragraph(text),
			{ type: "link", text: signIn, url: pages.signIn },
			{ type: "link", text: forgot, url: pages.forgotPassword },
			paragraph(ignore),
		]);
	},
	no_account: ({ site, pages, language }) => {
		const words = wordsIn(language);
		const { subject, text, signUp, ignore } = words.noAccount;
		return message(words, site, subject, [
			paragraph(text),
			{ type: "link", text: signUp, url: pages.signUp },
			paragraph(ignore),
		]);
	},
	email_changed: (context) => {
		const { site, link, lifetimeMs, newEmail, pages, language } = context;
		const words = wordsIn(language);
		const { subject, text, undo } = words.emailChanged;
		return message(words, site, subject, [
			paragraph(fill(text, { address: newEmail })),
			circumstances(context),
			{ type: "link", text: undo, url: link },
			paragraph(lifetime(words, lifetimeMs)),
			{ type: "link", text: words.reviewDevices, url: pages.devices },
		]);
	},
	deletion_requested: (context) => {
		const { site, link, deletesAt, pages, language } = context;
		const words = wordsIn(language);
		const { subject, text, undo } = words.deletionRequested;
		return message(words, site, subject, [
			paragraph(fill(text, { date: deletesAt })),
			circumstances(context),
			{ type: "link", text: undo, url: link },
			{ type: "link", text: words.reviewDevices, url: pages.devices },
		]);
	},
	user_deleted: ({ site, when, language }) => {
		const words = wordsIn(language);
		return message(words, site, words.userDeleted.subject, [
			paragraph(words.userDeleted.text),
			{ type: "facts", facts: [[words.when, when]] },
		]);
	},
	notice: (context) => {
		const { site, type, pages, language } = context;
		const words = wordsIn(language);
		const notices: Readonly<Record<string, string>> = words.notices;
		const what = notices[type] ?? words.otherNotice;
		return message(words, site, `${what} – {site}`, [
			circumstances(context, what),
			{ type: "link", text: words.reviewDevices, url: pages.devices },
			{ type: "link", text: words.notYou, url: pages.forgotPassword },
		]);
	},
};

/** When, on what and from where it happened. */
function circumstances({ when, userAgent, address, language }: MailContext, what?: string): MailBlock {
	const words = wordsIn(language);
	return {
		type: "facts",
		facts: [
			...(what === undefined ? [] : [[words.what, what] as const]),
			[words.when, when],
			[words.device, userAgent === null ? words.unknown : deviceName(userAgent, words.on)],
			[words.address, address ?? words.unknown],
		],
	};
}

function withCode(
	{ site, link, code, lifetimeMs, language }: MailContext,
	{ subject, text }: { subject: string; text: string },
): MailContent {
	const words = wordsIn(language);
	return message(words, site, fill(subject, { code }), [
		paragraph(fill(text, { site })),
		{ type: "code", text: words.code, code },
		{ type: "link", text: words.typeCode, url: link },
		paragraph(lifetime(words, lifetimeMs)),
		paragraph(words.ignore),
	]);
}

function message(words: MailWords, site: string, subject: string, blocks: readonly MailBlock[]): MailContent {
	const footer = paragraph(fill(words.footer, { site }));
	return { subject: fill(subject, { site }), blocks: [paragraph(words.greeting), ...blocks, footer] };
}

function lifetime(words: MailWords, lifetimeMs: number): string {
	const days = Math.round(lifetimeMs / 86_400_000);
	if (days >= 1) return fill(words.lifetime.days, { count: String(days) });
	return fill(words.lifetime.minutes, { count: String(Math.round(lifetimeMs / 60_000)) });
}

function paragraph(text: string): MailBlock {
	return { type: "paragraph", text };
}

function fill(text: string, values: Readonly<Record<string, string>>): string {
	return text.replace(/\{(\w+)\}/g, (place, name: string) => values[name] ?? place);
}
