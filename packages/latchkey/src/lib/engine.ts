import type { Background } from "./background.ts";
import type { KeyRing } from "./crypto/keys.ts";
import type { Throttle } from "./http/throttle.ts";
import type { Logger } from "./log.ts";
import type { Mailbox } from "./mail/mailbox.ts";
import type { MailSender } from "./mail/sender.ts";
import type { Method } from "./methods/method.ts";
import type { Providers } from "./oauth/providers.ts";
import type { ResolvedOptions } from "./options.ts";
import type { PasswordHasher } from "./passwords/password-hasher.ts";
import type { ActivityLog } from "./sessions/activity.ts";
import type { SessionTokens } from "./sessions/session-token.ts";
import type { Settings } from "./settings.ts";
import type { Storage } from "./storage/storage.ts";

/** Everything that a flow works with, open and checked. Flows are functions of it; it has no behaviour of its own. */
export interface Engine {
	readonly options: ResolvedOptions;
	readonly methods: readonly Method[];
	readonly settings: Settings;
	readonly storage: Storage;
	readonly tokens: SessionTokens;
	readonly hasher: PasswordHasher;
	readonly throttle: Throttle;
	readonly activity: ActivityLog;
	readonly background: Background;
	readonly pseudonyms: KeyRing;
	/** Seal what a browser keeps on its way to a provider, and the tokens of providers. */
	readonly transactionKeys: KeyRing;
	readonly vaultKeys: KeyRing;
	/** Sign short tokens for other services. */
	readonly serviceKeys: KeyRing;
	readonly providers: Providers;
	/** Seals sign-ins that wait for their second step. */
	readonly attemptKeys: KeyRing;
	/** Seals the secrets of authenticator apps, at rest and on the way to being confirmed. */
	readonly totpKeys: KeyRing;
	readonly mailLinks: KeyRing;
	readonly emailCodes: KeyRing;
	readonly knownDevices: KeyRing;
	/** Where mail goes in local development; empty where there is another way. */
	readonly mailbox: Mailbox;
	readonly sender: MailSender;
	/** Ends what goes on by itself, now and then. */
	readonly stopUpkeep: () => void;
	readonly log: Logger;
}
