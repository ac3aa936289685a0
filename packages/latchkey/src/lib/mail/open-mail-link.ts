import { nowOf } from "../clock.ts";
import { holderByUser } from "../email-codes/code.ts";
import { readAskedCode } from "../email-codes/code-cookie.ts";
import type { Engine } from "../engine.ts";
import { cookieName, readCookie } from "../http/cookies.ts";
import type { Visitor } from "../http/visitor.ts";
import type { CookieToSet } from "../sessions/session-cookie.ts";
import { type MailLinkPurpose, openMailLink } from "./mail-link.ts";

/** For how long a browser remembers the link that it came by. */
const rememberedSeconds = 30 * 60;

/** The link of a message that a browser came by, as a page shows it. */
export interface MailLink {
	readonly purpose: MailLinkPurpose;
	/** The address that it is about. */
	readonly email: string;
	readonly expiresAt: Date;
	readonly expired: boolean;
	/** Whether it can be used by a click here. Elsewhere than in the browser that asked, its code is to be typed there. */
	readonly here: boolean;
	/** The code of the same message; `null` where there is none. */
	readonly code: string | null;
}

/** Where a link leads, and the cookie that takes it along: the address of the page then holds nothing of it. */
export function followMailLink(engine: Engine, token: string): { location: string; cookie?: CookieToSet } {
	const { pages } = engine.options;
	const purpose = openMailLink(engine.mailLinks, token)?.purpose;
	const locations: Record<MailLinkPurpose, string> = {
		"password-reset": pages.resetPassword,
		"sign-in-code": pages.signInCode,
		"sign-up-code": pages.verifyEmail,
		"verify-code": pages.verifyEmail,
		"email-change-code": pages.verifyEmail,
		"email-undo": pages.mailLink,
		"deletion-undo": pages.mailLink,
	};
	if (purpose === undefined) return { location: `${pages.mailLink}?broken` };
	const cookie = { ...forgottenMailLink(engine), value: token, maxAgeSeconds: rememberedSeconds };
	return { location: locations[purpose], cookie };
}

/** Clears the cookie once the link was used. */
export function forgottenMailLink({ settings }: Engine): CookieToSet {
	return { name: nameOf(settings), value: "", maxAgeSeconds: 0, secure: settings.secure };
}

/** The token of the link that this browser came by. */
export function readMailLinkToken({ settings }: Engine, { headers }: Pick<Visitor, "headers">): string | null {
	return readCookie(headers.get("cookie"), nameOf(settings));
}

/** What a page shows of it. Asks nobody and uses nothing up. */
export function readMailLink(engine: Engine, visitor: Visitor, userId: string | null): MailLink | null {
	const token = readMailLinkToken(engine, visitor);
	const content = token === null ? null : openMailLink(engine.mailLinks, token);
	if (content === null) return null;
	const { purpose, secret, email, expiresAt, holder } = content;
	const holders = [readAskedCode(engine, visitor)?.holder, userId === null ? undefined : holderByUser(userId)];
	return {
		purpose,
		email,
		expiresAt: new Date(expiresAt),
		expired: expiresAt <= nowOf(engine),
		here: holder === undefined || holders.includes(holder),
		code: holder === undefined ? null : secret,
	};
}

function nameOf({ secure }: Engine["settings"]): string {
	return cookieName("mail-link", secure);
}
