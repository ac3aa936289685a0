import * as z from "zod/mini";
import { type FieldErrors, misconfigured } from "../errors.ts";
import { fieldErrors } from "../http/field-errors.ts";
import type { RouteGroup } from "../http/route.ts";
import type { Assertion } from "../passkeys/responses.ts";
import type { AssuranceLevel } from "../storage/storage.ts";
import { type Identifier, parseIdentifier } from "../users/identifiers.ts";

/** An account that an identifier names. */
export interface Account {
	readonly userId: string;
}

/** What a method may use to check what it was given. */
export interface MethodTools {
	/** The account with this e-mail address or user name. */
	findAccount(identifier: string): Promise<Account | null>;
	/** Checks a password in the same time whether there is an account or not; `null` never matches. */
	checkPassword(account: Account | null, password: string): Promise<boolean>;
	/** Whom a passkey's answer proves, to the challenge that this browser was given for a sign-in. */
	checkPasskey(assertion: Assertion): Promise<Proof | null>;
	/** Whom the code proves that this browser had mailed; `null` when it is wrong, used, expired or tried too often. */
	checkEmailCode(code: string): Promise<Account | null>;
}

/**
 * Who was proven: a user of ours, or a subject of somebody else's, identified by the pair of issuer and subject and
 * registered at first sight. `by` is the subject that stood for a user of ours: it must still do so when the session opens.
 */
export type Proof =
	| ({ readonly userId: string; readonly by?: { readonly issuer: string; readonly subject: string } } & ShownAlong)
	| ({ readonly issuer: string; readonly subject: string; readonly name?: string } & ShownAlong);

/** What this very proof shows, where that is not the same each time. Default: what the method says. */
interface ShownAlong {
	readonly amr?: readonly string[];
	readonly level?: AssuranceLevel;
}

export interface MethodDefinition<Input extends z.core.$ZodType> {
	/** Names the method in `POST /api/auth` (`{ "method": "…" }`) and in the audit log. */
	name: string;
	/** What the method needs to see. */
	input: Input;
	/** How it proves, by RFC 8176's names, such as `["pwd"]`. */
	amr: readonly string[];
	/** How much it proves (NIST SP 800-63B-4). Default `aal1`. */
	level?: AssuranceLevel;
	/**
	 * Whose failures these are, such as the identifier that was typed: attempts on one account are limited by it, in all
	 * its spellings and over all methods. `null` limits by the visitor's address only, for a secret that names nobody.
	 */
	account(input: z.output<Input>): string | null;
	/** Says who it is, or `null`. What it throws denies and answers 500. */
	verify(input: z.output<Input>, tools: MethodTools): Promise<Proof | null>;
	/** Endpoints of its own below the base path. */
	routes?: readonly RouteGroup[];
}

/** A way to sign in. Made by {@link method}. */
export interface Method {
	readonly name: string;
	readonly input: z.core.$ZodType;
	readonly amr: readonly string[];
	readonly level: AssuranceLevel;
	readonly routes: readonly RouteGroup[];
	/** Of `passkey()`: the domain that passkeys are made for, where that is not the site's own host. */
	readonly relyingPartyId?: string;
	/** Of `passkey()`: other origins where the same passkeys are used. */
	readonly relatedOrigins?: readonly string[];
	/** Reads what a visitor sent, ready to be verified. */
	read(raw: unknown): { ok: true; attempt: MethodAttempt } | { ok: false; fields: FieldErrors };
}

export interface MethodAttempt {
	readonly account: string | null;
	/** Whom `account` names, to be looked up while the attempt is counted. Default: nobody in particular. */
	readonly named?: Named;
	verify(tools: MethodTools): Promise<Proof | null>;
}

/**
 * Makes a way to sign in of whatever proves a person: a directory, a partner's token, a card. Throttling, audit,
 * sessions and cookies are the library's; the method only says who it is.
 */
export function method<Input extends z.core.$ZodType>(definition: MethodDefinition<Input>): Method {
	const { name, input, amr, level = "aal1", routes = [] } = definition;
	if (!/^[a-z][a-z0-9-]{0,31}$/.test(name)) {
		throw misconfigured(`method: the name must look like "card" or "ldap-berlin", not ${JSON.stringify(name)}`);
	}
	return Object.freeze({
		name,
		input,
		amr: Object.freeze([...amr]),
		level,
		routes,
		read(raw: unknown): ReturnType<Method["read"]> {
			const parsed = z.safeParse(input, raw);
			if (!parsed.success) return { ok: false, fields: fieldErrors(parsed.error, raw) };
			const account = definition.account(parsed.data);
			const named = account === null ? null : namedBy(account);
			const attempt: MethodAttempt = {
				account: named === null ? null : accountSubject(named, account!),
				...(named !== null && { named }),
				verify: (tools) => definition.verify(parsed.data, tools),
			};
			return { ok: true, attempt };
		},
	});
}

/** Picks the method that a request means: the one it names, or else the first that understands it. */
export function readAttempt(
	methods: readonly Method[],
	raw: unknown,
): { ok: true; method: Method; attempt: MethodAttempt } | { ok: false; fields: FieldErrors } {
	const named = namedMethod(raw);
	const candidates = named === undefined ? methods : methods.filter(({ name }) => name === named);
	let firstRefusal: FieldErrors = { method: "unknown" };
	for (const [index, candidate] of candidates.entries()) {
		const read = candidate.read(raw);
		if (read.ok) return { ok: true, method: candidate, attempt: read.attempt };
		if (index === 0) firstRefusal = read.fields;
	}
	return { ok: false, fields: firstRefusal };
}

/** One counter for all spellings of an identifier; text that can name nobody has one too. */
function accountSubject({ kind, canonical }: Named, account: string): string {
	return canonical === "" ? `nobody:${account.trim().toLowerCase()}` : `${kind}:${canonical}`;
}

/** What can be looked up. */
export type Named = Pick<Identifier, "kind" | "canonical">;

/** Also for text that can name nobody, so that the time of a look-up does not tell which text could. */
export function namedBy(text: string): Named {
	const parsed = parseIdentifier(text);
	return parsed.ok ? { kind: parsed.kind, canonical: parsed.canonical } : { kind: "username", canonical: "" };
}

function namedMethod(raw: unknown): unknown {
	return typeof raw === "object" && raw !== null && "method" in raw ? raw.method : undefined;
}
