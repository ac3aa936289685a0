import { hash } from "node:crypto";
import * as z from "zod";
import { randomSecret } from "../crypto/random.ts";
import { seal, unseal } from "../crypto/sealing.ts";
import type { Engine } from "../engine.ts";
import { cookieName, cookieNames, readCookie } from "../http/cookies.ts";
import type { Visitor } from "../http/visitor.ts";
import type { CookieToSet } from "../sessions/session-cookie.ts";
import type { OfferedProvider } from "./offered-provider.ts";

const lifetimeSeconds = 10 * 60;
/** Tabs that may be on their way to a provider at once. More would fill the header that every request carries. */
const maxAtOnce = 10;

const schema = z.object({
	provider: z.string(),
	/** To whom the request went. An answer counts while the provider is still configured to be that. */
	issuer: z.string(),
	/** Known to this browser and, as part of `state`, to the provider. */
	secret: z.string(),
	nonce: z.string(),
	codeVerifier: z.string(),
	/** Where the person was, already judged by `safeRedirect`. */
	next: z.string(),
	/** What it is for. The two that are about an account belong to the session that began them. */
	purpose: z.discriminatedUnion("kind", [
		z.object({ kind: z.literal("sign-in") }),
		z.object({ kind: z.literal("link"), userId: z.string(), sessionId: z.string() }),
		z.object({ kind: z.literal("reauthenticate"), userId: z.string(), sessionId: z.string() }),
	]),
	/** The provider's name for a pushed request (RFC 9126). */
	requestUri: z.string().optional(),
});

/** One way to a provider and back. It lives in the browser, sealed; that it is used once, the store sees to. */
export type Transaction = z.output<typeof schema>;
export type Purpose = Transaction["purpose"];

export interface NewTransaction {
	readonly id: string;
	readonly transaction: Transaction;
}

export function newTransaction(
	{ id: provider, server: { issuer } }: Pick<OfferedProvider, "id" | "server">,
	next: string,
	purpose: Purpose,
): NewTransaction {
	return {
		// Sorts by time, so that it can be told which is the oldest.
		id: `${Date.now().toString(36).padStart(9, "0")}${randomSecret(64)}`,
		transaction: {
			provider,
			issuer,
			secret: randomSecret(),
			nonce: randomSecret(),
			codeVerifier: randomSecret(256),
			next,
			purpose,
		},
	};
}

/** The `state` that the provider hands back. */
export function stateOf({ id, transaction }: NewTransaction): string {
	return `${id}.${transaction.secret}`;
}

/** Lets the browser keep the transaction, and forget the oldest of too many. */
export async function keepTransaction(engine: Engine, visitor: Visitor, begun: NewTransaction): Promise<CookieToSet[]> {
	const { settings, storage, transactionKeys } = engine;
	const { id, transaction } = begun;
	await storage.putToken({
		purpose: "oauth-transaction",
		subject: transaction.provider,
		tokenHash: hashOf(begun),
		lifetimeMs: lifetimeSeconds * 1000,
		payload: null,
	});
	const value = seal(transactionKeys, context(id), JSON.stringify(transaction));
	const prefix = cookieName("transaction-", settings.secure);
	const present = cookieNames(visitor.headers.get("cookie"), prefix).toSorted();
	const tooOld = present.slice(0, Math.max(0, present.length - maxAtOnce + 1));
	return [
		...tooOld.map((name) => ({ name, value: "", maxAgeSeconds: 0, secure: settings.secure })),
		{ name: `${prefix}${id}`, value, maxAgeSeconds: lifetimeSeconds, secure: settings.secure },
	];
}

/** The transaction of this browser with that id; `null` when it has none. Changes nothing. */
export function readTransaction(engine: Engine, visitor: Visitor, id: string): NewTransaction | null {
	const value = readCookie(visitor.headers.get("cookie"), transactionCookieName(engine, id));
	const opened = value === null ? null : unseal(engine.transactionKeys, context(id), value);
	// We sealed it; an earlier version of this code may have sealed something else.
	const read = opened === null ? null : schema.safeParse(JSON.parse(opened));
	return read?.success ? { id, transaction: read.data } : null;
}

/** The id in a `state`; `null` for what was never one of ours. */
export function transactionId(state: string | undefined): string | null {
	return /^([0-9a-z]{9}[\w-]{11})\.[\w-]{22}$/.exec(state ?? "")?.[1] ?? null;
}

/** Uses a transaction up. Of many answers at once one gets through, and none after ten minutes. */
export async function consumeTransaction(engine: Engine, begun: NewTransaction): Promise<boolean> {
	const input = { purpose: "oauth-transaction", tokenHash: hashOf(begun) };
	return (await engine.storage.consumeToken(input)) !== null;
}

export function clearedTransaction(engine: Engine, id: string): CookieToSet {
	return { name: transactionCookieName(engine, id), value: "", maxAgeSeconds: 0, secure: engine.settings.secure };
}

function transactionCookieName({ settings }: Engine, id: string): string {
	return `${cookieName("transaction-", settings.secure)}${id}`;
}

function context(id: string): string {
	return `oauth-transaction/${id}`;
}

function hashOf(begun: NewTransaction): Uint8Array {
	return hash("sha256", stateOf(begun), "buffer");
}
