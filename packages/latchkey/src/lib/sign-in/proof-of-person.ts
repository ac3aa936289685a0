import { uuidv7 } from "../crypto/random.ts";
import type { Engine } from "../engine.ts";
import type { ErrorCode } from "../errors.ts";
import { auditEvent } from "../events/events.ts";
import type { FoundAccount } from "../http/throttle.ts";
import type { Visitor } from "../http/visitor.ts";
import { type Account, type MethodAttempt, type MethodTools, namedBy, type Proof } from "../methods/method.ts";
import type { Assertion } from "../passkeys/responses.ts";
import { isDisabled } from "../passwords/hard-stop.ts";
import type { Authentication } from "../sessions/open-session.ts";
import type { Credentials, PasswordRecord } from "../storage/storage.ts";

/** One attempt to prove who somebody is: hands a method its tools and remembers what they found. */
export class ProofOfPerson implements MethodTools {
	readonly #engine: Engine;
	readonly #visitor: Visitor;
	readonly #counted: FoundAccount | null;
	#found: Credentials | null = null;
	#checkedPasswordVersion: number | null = null;
	#by: { readonly issuer: string; readonly subject: string } | null = null;
	#refusal: ErrorCode = "invalid_credentials";
	#shown: Partial<Authentication> = {};

	/** `counted` is whom the attempt named, as read when it was counted. */
	constructor(engine: Engine, visitor: Visitor, counted: FoundAccount | null = null) {
		this.#engine = engine;
		this.#visitor = visitor;
		this.#counted = counted;
	}

	/** Why it was refused, as far as the visitor may know. */
	get refusal(): ErrorCode {
		return this.#refusal;
	}

	/** Whose account was tried, if there is one: for the audit log, never for the answer. */
	get accountId(): string | null {
		return this.#found?.user.id ?? null;
	}

	/** Runs the method. The credentials of whoever it proved, or `null`. */
	async prove(attempt: MethodAttempt): Promise<Credentials | null> {
		const proof = await attempt.verify(this);
		if (proof === null) return null;
		this.#shown = { ...(proof.amr && { amr: proof.amr }), ...(proof.level && { level: proof.level }) };
		const credentials = await this.#credentialsOf(proof);
		this.#by = "by" in proof ? (proof.by ?? null) : null;
		// After the epoch was read: an identity that is taken away from here on takes the epoch along.
		return credentials !== null && (await this.#isStillLinked(credentials)) ? credentials : null;
	}

	/** What was shown: what the method always shows, unless this proof said otherwise. */
	authentication({ amr, level }: Authentication): Authentication {
		return { amr, level, ...this.#shown };
	}

	/** Whether a user's row, read again, still bears out what was checked. */
	async stillHolds(credentials: Credentials): Promise<boolean> {
		const version = this.#checkedPasswordVersion;
		return (version === null || version === credentials.password?.version) && this.#isStillLinked(credentials);
	}

	async #isStillLinked({ user }: Credentials): Promise<boolean> {
		return this.#by === null || (await this.#engine.storage.findUserByIdentity(this.#by))?.id === user.id;
	}

	async findAccount(identifier: string): Promise<Account | null> {
		const named = namedBy(identifier);
		const counted = this.#counted;
		const isCounted = counted?.named.kind === named.kind && counted.named.canonical === named.canonical;
		this.#found = isCounted ? counted.credentials : await this.#engine.storage.findCredentials(named);
		return this.#found === null ? null : { userId: this.#found.user.id };
	}

	async checkPassword(account: Account | null, password: string): Promise<boolean> {
		const { hasher, storage, background, log } = this.#engine;
		const stored = account === null ? null : await this.#passwordOf(account);
		const check = await hasher.check(stored, password);
		if (check.keyIsMissing) log({ level: "error", event: "password_key_missing", userId: stored?.userId });
		if (!check.matches || stored === null || isDisabled(stored)) return false;
		const { userId, version, sealed } = stored;
		this.#checkedPasswordVersion = version;
		if (check.outdated) {
			background.run("reseal_password", async () => {
				await storage.resealPassword({
					userId,
					version,
					from: sealed,
					to: await hasher.hash(userId, password.normalize("NFC")),
				});
			});
		}
		return true;
	}

	async checkPasskey(assertion: Assertion): Promise<Proof | null> {
		const { verifyPasskey } = await import("../passkeys/verify-passkey.ts");
		const verdict = await verifyPasskey(this.#engine, this.#visitor, assertion, { use: "sign-in" });
		if (verdict.ok) return { userId: verdict.userId, ...verdict.authentication };
		if (verdict.reason === "unknown") this.#refusal = "unknown_passkey";
		return null;
	}

	async checkEmailCode(code: string): Promise<Account | null> {
		const { proveByCode } = await import("../email-codes/prove-by-code.ts");
		return proveByCode(this.#engine, this.#visitor, code);
	}

	async #passwordOf({ userId }: Account): Promise<({ userId: string } & PasswordRecord) | null> {
		const credentials = await this.#credentials(userId);
		return credentials?.password ? { userId, ...credentials.password } : null;
	}

	async #credentialsOf(proof: Proof): Promise<Credentials | null> {
		return "userId" in proof ? this.#credentials(proof.userId) : this.#credentialsOfSubject(proof);
	}

	async #credentials(userId: string): Promise<Credentials | null> {
		if (this.#found?.user.id !== userId) this.#found = await this.#engine.storage.findCredentialsOfUser(userId);
		return this.#found;
	}

	// Found, or registered at first sight. Of two first sights at once the constraint lets one in; the other finds it.
	async #credentialsOfSubject(proof: Exclude<Proof, { userId: string }>): Promise<Credentials | null> {
		const { issuer, subject, name = null } = proof;
		const { storage, options } = this.#engine;
		const known = await storage.findUserByIdentity({ issuer, subject });
		if (known !== null) return this.#credentials(known.id);
		if (options.signUp === "closed") return null;
		const id = uuidv7();
		await storage.createUser({
			id,
			name,
			identifiers: [],
			identities: [{ issuer, subject }],
			password: null,
			session: null,
			replaces: null,
			events: [auditEvent("user.signed_up", this.#visitor, { userId: id, detail: { issuer } })],
		});
		const user = await storage.findUserByIdentity({ issuer, subject });
		return user === null ? null : this.#credentials(user.id);
	}
}
