import { hash } from "node:crypto";
import * as z from "zod/mini";
import { nowOf } from "../clock.ts";
import { randomSecret } from "../crypto/random.ts";
import type { Engine } from "../engine.ts";
import { cookieName, readCookie } from "../http/cookies.ts";
import type { Visitor } from "../http/visitor.ts";
import type { CookieToSet } from "../sessions/session-cookie.ts";
import type { ProvenAtProvider } from "./exchange-code.ts";
import type { OfferedProvider } from "./offered-provider.ts";
import { sealTokens } from "./token-vault.ts";

/** How long somebody may take to say what is missing. A mailed code is typed within this. */
const lifetimeMs = 60 * 60_000;

const purpose = "provider-sign-up";

/** Somebody whom a provider has proven and of whom nothing is made yet, because something is missing. */
const heldSchema = z.object({
	issuer: z.string(),
	subject: z.string(),
	provider: z.string(),
	label: z.nullable(z.string()),
	name: z.nullable(z.string()),
	/** As the provider names it; it has proven nothing. */
	email: z.nullable(z.string()),
	/** Sealed. */
	tokens: z.string(),
	tokensExpireAt: z.nullable(z.number()),
	providerSession: z.nullable(z.string()),
});

export type HeldSignUp = z.output<typeof heldSchema> & {
	/** Names it, and opens nothing. */
	readonly key: string;
};

type Identity = Pick<HeldSignUp, "issuer" | "subject">;

/** As the person may see it. */
export interface PendingSignUp {
	readonly provider: { readonly id: string; readonly name: string };
	readonly name: string | null;
	/** What the provider says, to begin with; `null` when it says none. */
	readonly email: string | null;
	/** Whether there is no account without a proven address. */
	readonly emailRequired: boolean;
}

/** The outcome of a sign-in at a provider that waits for the person to say what is missing. */
export interface SignUpIncomplete {
	readonly ok: false;
	readonly code: "sign_up_incomplete";
	readonly cookie: CookieToSet;
}

/** Keeps what a provider has proven for the browser that came back from it, and for no other. */
export async function holdSignUp(
	engine: Engine,
	{ id: provider }: OfferedProvider,
	{ issuer, profile, tokens, providerSession, expiresInMs }: ProvenAtProvider & { expiresInMs: number | null },
): Promise<SignUpIncomplete> {
	const secret = randomSecret();
	const { subject, label, name, email } = profile;
	await engine.storage.putToken({
		purpose,
		subject: whoseOf({ issuer, subject }),
		tokenHash: keyOf(secret),
		lifetimeMs,
		payload: {
			issuer,
			subject,
			provider,
			label,
			name,
			email,
			tokens: sealTokens(engine, { issuer, subject }, tokens),
			tokensExpireAt: expiresInMs === null ? null : nowOf(engine) + expiresInMs,
			providerSession,
		} satisfies z.output<typeof heldSchema>,
	});
	return {
		ok: false,
		code: "sign_up_incomplete",
		cookie: { ...clearedSignUp(engine), value: secret, maxAgeSeconds: lifetimeMs / 1000 },
	};
}

/** What waits in this browser; `null` when nothing does, or it was used, or took too long. Changes nothing. */
export async function readHeldSignUp(engine: Engine, visitor: Visitor): Promise<HeldSignUp | null> {
	const secret = readCookie(visitor.headers.get("cookie"), clearedSignUp(engine).name);
	if (secret === null) return null;
	const token = await engine.storage.peekToken({ purpose, tokenHash: keyOf(secret) });
	return token === null ? null : { ...heldSchema.parse(token.payload), key: keyOf(secret).toString("base64url") };
}

/** Uses it up: of many callers at once one gets it. */
export async function takeHeldSignUp({ storage }: Engine, { key }: HeldSignUp): Promise<boolean> {
	return (await storage.consumeToken({ purpose, tokenHash: Buffer.from(key, "base64url") })) !== null;
}

/** Forgets whatever of this person's waits, in every browser. */
export async function forgetHeldSignUps({ storage }: Engine, identity: Identity): Promise<void> {
	await storage.dropTokens({ purpose, subject: whoseOf(identity), events: [] });
}

export function toPendingSignUp(engine: Engine, { provider: id, name, email }: HeldSignUp): PendingSignUp {
	const known = engine.providers.find(id)?.definition.name ?? id;
	return { provider: { id, name: known }, name, email, emailRequired: isEmailRequired(engine) };
}

export function isEmailRequired({ options }: Engine): boolean {
	return options.emailVerification === "required";
}

export function clearedSignUp({ settings: { secure } }: Engine): CookieToSet {
	return { name: cookieName("sign-up", secure), value: "", maxAgeSeconds: 0, secure };
}

/** Names somebody by nothing that they are called elsewhere. */
function whoseOf({ issuer, subject }: Identity): string {
	return hash("sha256", JSON.stringify([issuer, subject]), "base64url");
}

function keyOf(secret: string): Buffer {
	return hash("sha256", `${purpose}:${secret}`, "buffer");
}
