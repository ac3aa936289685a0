import { randomUUID } from "node:crypto";
import { Background } from "./background.ts";
import type { Clock } from "./clock.ts";
import { deriveKeyRing } from "./crypto/keys.ts";
import type { Engine } from "./engine.ts";
import { misconfigured } from "./errors.ts";
import { installArrivalStamp } from "./http/arrival.ts";
import { Throttle } from "./http/throttle.ts";
import type { Logger } from "./log.ts";
import type { MailMessage } from "./mail/mail-message.ts";
import { Mailbox } from "./mail/mailbox.ts";
import { MailSender, wakingOnMail } from "./mail/sender.ts";
import { smtpTransport } from "./mail/smtp-transport.ts";
import type { Method } from "./methods/method.ts";
import { isProvider } from "./oauth/provider.ts";
import { Providers } from "./oauth/providers.ts";
import type { ResolvedOptions } from "./options.ts";
import { checkRelyingParty } from "./passkeys/relying-party.ts";
import { HashPool } from "./passwords/hash-pool.ts";
import { PasswordHasher } from "./passwords/password-hasher.ts";
import { ActivityLog } from "./sessions/activity.ts";
import { SessionTokens } from "./sessions/session-token.ts";
import { readSettings, type Settings, sqliteFile } from "./settings.ts";
import type { Storage } from "./storage/storage.ts";
import { scheduleUpkeep } from "./upkeep.ts";

/** What an engine and the others of its process share: connections, queues and memory, never anybody's options. */
type Shared = Pick<
	Engine,
	| "storage"
	| "tokens"
	| "hasher"
	| "throttle"
	| "activity"
	| "background"
	| "pseudonyms"
	| "transactionKeys"
	| "vaultKeys"
	| "serviceKeys"
	| "attemptKeys"
	| "totpKeys"
	| "mailLinks"
	| "emailCodes"
	| "knownDevices"
	| "mailbox"
	| "stopUpkeep"
>;

// Next.js loads this module once for the proxy, once for route handlers and once for pages: three pools and three queues,
// were they not kept where all of them look. Correctness never depends on it: the database decides.
const registryKey = Symbol.for("latchkey.engines@1");
const poolsKey = Symbol.for("latchkey.pools@1");
const exitKey = Symbol.for("latchkey.exit@1");
const registry = globalThis as {
	[registryKey]?: Map<string, Promise<Shared>>;
	[poolsKey]?: WeakMap<object, string>;
	[exitKey]?: Set<() => void>;
};

/**
 * Checks the environment, opens the store and assembles the engine.
 * @throws {AuthError} `misconfigured` with the cure, or `store_unavailable`.
 */
export async function openEngine(options: ResolvedOptions, methods: readonly Method[]): Promise<Engine> {
	requireNode();
	installArrivalStamp();
	const settings = readSettings(options.overrides);
	checkRelyingParty({ options, methods, settings });
	const providers = await offer(methods, options, settings);
	const shared = await sharedParts(options, settings);
	// Of this engine and not shared, since how to send is one of its options. The lease keeps senders apart.
	const sender = new MailSender({
		storage: () => engine.storage,
		log: options.logger,
		render: async (mail) => {
			const { composeMail } = await import("./mail/compose-mail.ts");
			return composeMail(engine, mail);
		},
		transport: chooseTransport(options, settings, shared.mailbox),
	});
	const storage = wakingOnMail(shared.storage, () => sender.wake());
	const engine: Engine = { ...shared, storage, options, methods, settings, sender, providers, log: options.logger };
	return engine;
}

async function offer(methods: readonly Method[], options: ResolvedOptions, settings: Settings): Promise<Providers> {
	const configured = methods.filter(isProvider);
	if (configured.length === 0) return new Providers([]);
	const { offerProviders } = await import("./oauth/offer-providers.ts");
	return offerProviders(configured, options, settings);
}

function chooseTransport({ mail, logger, clock }: ResolvedOptions, settings: Settings, mailbox: Mailbox) {
	const { smtpUrl, loopback } = settings;
	if (mail.send !== undefined) return mail.send;
	if (smtpUrl !== null) return smtpTransport(smtpUrl);
	if (loopback) return async (message: MailMessage) => mailbox.keep(message, clock?.() ?? Date.now());
	logger({
		level: "warn",
		event: "mail_off",
		message: "No mail is sent: set SMTP_URL, or createAuth({ mail: { send } })",
	});
	return null;
}

function sharedParts(options: ResolvedOptions, settings: Settings): Promise<Shared> {
	// A clock of one's own, or a database that lives in memory, is nobody else's.
	if (options.clock !== null || isInMemory(settings)) return openParts(options, settings);
	registry[registryKey] ??= new Map();
	const engines = registry[registryKey];
	const { databaseUrl, databaseDirectUrl, databasePool, origin, secrets, peppers } = settings;
	const pool = databasePool === null ? null : [idOf(databasePool.pool), databasePool.schema, databasePool.prefix];
	const key = JSON.stringify([databaseUrl, databaseDirectUrl, pool, origin, secrets, peppers]);
	const known = engines.get(key);
	if (known !== undefined) return known;
	const opening = openParts(options, settings);
	engines.set(key, opening);
	// What failed is tried again at the next request; what was closed is opened anew.
	opening.catch(() => engines.delete(key));
	return opening;
}

async function openParts({ logger, clock }: ResolvedOptions, settings: Settings): Promise<Shared> {
	const storage = await openStorage(settings, clock, logger);
	const activity = new ActivityLog(storage, logger);
	workOnExit().add(activity.onExit);
	const pseudonyms = deriveKeyRing(settings.secrets, "pseudonym");
	return {
		storage,
		activity,
		background: new Background(logger),
		tokens: new SessionTokens(deriveKeyRing(settings.secrets, "session-token"), settings.origin),
		hasher: new PasswordHasher(new HashPool(), deriveKeyRing(settings.peppers, "password")),
		throttle: new Throttle(storage, deriveKeyRing(settings.secrets, "throttle")),
		transactionKeys: deriveKeyRing(settings.secrets, "oauth-transaction"),
		vaultKeys: deriveKeyRing(settings.secrets, "provider-token"),
		serviceKeys: deriveKeyRing(settings.secrets, "service-token"),
		pseudonyms,
		attemptKeys: deriveKeyRing(settings.secrets, "attempt"),
		// With the pepper, as password hashes: what lies in the database outlives a rotation of the secret.
		totpKeys: deriveKeyRing(settings.peppers, "totp"),
		mailLinks: deriveKeyRing(settings.secrets, "mail-link"),
		emailCodes: deriveKeyRing(settings.secrets, "email-code"),
		knownDevices: deriveKeyRing(settings.secrets, "device"),
		mailbox: new Mailbox(),
		stopUpkeep: scheduleUpkeep(storage, pseudonyms, logger),
	};
}

/** Closes what the engine opened, after what it still had to write. */
export async function closeEngine(engine: Engine): Promise<void> {
	engine.stopUpkeep();
	await engine.sender.stop();
	await engine.background.settled();
	await engine.activity.flush();
	workOnExit().delete(engine.activity.onExit);
	await engine.storage.close();
	for (const [key, opening] of registry[registryKey] ?? []) {
		if ((await opening.catch(() => null))?.background === engine.background) registry[registryKey]?.delete(key);
	}
}

/** What is to be done when the process ends: one listener for all engines, since Node warns of the eleventh. */
function workOnExit(): Set<() => void> {
	const known = registry[exitKey];
	if (known !== undefined) return known;
	const works = new Set<() => void>();
	registry[exitKey] = works;
	process.once("exit", () => {
		for (const work of works) work();
	});
	return works;
}

async function openStorage(settings: Settings, clock: Clock | null, log: Logger): Promise<Storage> {
	const { databaseUrl, databaseDirectUrl, databasePool } = settings;
	const forTests = clock === null ? {} : { clock };
	if (isSqlite(settings)) {
		const { openSqlite } = await import("./storage/sqlite/open-sqlite.ts");
		const { followFile } = await import("./storage/sqlite/follow-file.ts");
		const file = sqliteFile(databaseUrl);
		const open = (mustExist: boolean) => openSqlite({ file, mustExist, ...forTests });
		return isInMemory(settings) ? open(false) : followFile({ file, open, log });
	}
	const { openPostgres } = await import("./storage/postgres/open-postgres.ts");
	const directUrl = databaseDirectUrl === null ? {} : { directUrl: databaseDirectUrl };
	return openPostgres({ ...(databasePool ?? { url: databaseUrl }), ...directUrl, ...forTests, log });
}

function isSqlite({ databaseUrl }: Settings): boolean {
	return databaseUrl.startsWith("file:");
}

function isInMemory(settings: Settings): boolean {
	return isSqlite(settings) && sqliteFile(settings.databaseUrl) === ":memory:";
}

/** Tells the pools of this process apart: whoever brings the same one shares what stands on it. */
function idOf(pool: object): string {
	registry[poolsKey] ??= new WeakMap();
	const pools = registry[poolsKey];
	const id = pools.get(pool) ?? randomUUID();
	pools.set(pool, id);
	return id;
}

function requireNode(): void {
	const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
	if (major > 22 || (major === 22 && minor >= 16)) return;
	throw misconfigured(`Latchkey needs Node.js 22.16 or later (for node:sqlite); this is ${process.versions.node}`);
}
