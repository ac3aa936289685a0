import { createHash } from "node:crypto";
import type { KeyRing } from "../crypto/keys.ts";
import { seal, unseal } from "../crypto/sealing.ts";

/** What a link in a message is for. */
export type MailLinkPurpose =
	| "password-reset"
	| "sign-in-code"
	| "sign-up-code"
	| "verify-code"
	| "email-change-code"
	| "email-undo"
	| "deletion-undo";

/** What a link in a message says, sealed: nobody can read it or make one, and a page shows it without asking the database. */
export interface MailLinkContent {
	purpose: MailLinkPurpose;
	/** The code that is in the same message, or the secret of the token. Using it is what counts, once. */
	secret: string;
	/** The address that it is about. */
	email: string;
	/** Milliseconds since 1970. */
	expiresAt: number;
	/** Who may use a code, such as `holderByBrowser` names them. */
	holder?: string;
}

const context = "mail-link";
const keyIdLength = 8;

/** The link's token: of characters that stand in a path as they are. */
export function sealMailLink(keys: KeyRing, { purpose, secret, email, expiresAt, holder }: MailLinkContent): string {
	const [, keyId = "", sealed = ""] = seal(
		keys,
		context,
		JSON.stringify([purpose, secret, email, expiresAt, holder ?? null]),
	).split(".");
	return keyId + sealed;
}

/** Opens what {@link sealMailLink} made; `null` for anything else. Whether it has expired is for the caller to judge. */
export function openMailLink(keys: KeyRing, token: string): MailLinkContent | null {
	const text = unseal(keys, context, `1.${token.slice(0, keyIdLength)}.${token.slice(keyIdLength)}`);
	if (text === null) return null;
	const [purpose, secret, email, expiresAt, holder] = JSON.parse(text);
	return { purpose, secret, email, expiresAt, ...(holder !== null && { holder }) };
}

/** What is stored of the secret in a link. It has 128 random bits, so nobody tries them out. */
export function hashLinkSecret(secret: string): Uint8Array {
	return createHash("sha256").update(secret).digest();
}
