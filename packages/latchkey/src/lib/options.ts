import type { Clock } from "./clock.ts";
import { misconfigured } from "./errors.ts";
import { jsonLogger, type Logger } from "./log.ts";
import type { MailOptions } from "./mail/mail-options.ts";
import type { Method } from "./methods/method.ts";
import type { User } from "./sessions/session.ts";
import type { SettingsOverrides } from "./settings.ts";
import type { AssuranceLevel } from "./storage/storage.ts";
import { checkUserFields, type OwnFields, type UserFields } from "./users/own-fields.ts";

/** The whole configuration. Whatever depends on the machine comes from the environment instead. */
export interface AuthOptions<Fields extends UserFields = UserFields> extends SettingsOverrides {
	/** How people prove who they are, such as `[password()]`. At least one. */
	methods: readonly Method[];
	/** The site's name. Passwords made of it are refused. Default: the host of `AUTH_URL`. */
	name?: string;
	/**
	 * One switch for the numbers of NIST SP 800-63B-4: `aal1` sessions of 30 days; `aal2` of 24 hours, 1 hour idle;
	 * `aal3` of 12 hours, 15 minutes idle; and passwords of 15 characters or more. Default: 30 days, 14 days idle,
	 * 8 characters.
	 */
	profile?: AssuranceLevel;
	/** Whether strangers may register. Default `"open"`. */
	signUp?: "open" | "closed";
	/**
	 * Who needs a second factor. `optional`: whoever has set one up. `required`: everybody; whoever has none sets one up
	 * on the way in. `phishing-resistant`: nobody gets in without a passkey. `device-bound`: nor with one that can be copied
	 * to other devices, which most are. Or a function that says which of these holds for a user, such as one with a role; it is asked at every sign-in, and must not throw. Default: what the `profile`
	 * asks for, else `"optional"`.
	 */
	secondFactor?: SecondFactorPolicy | ((user: User & OwnFields<NoInfer<Fields>>) => SecondFactorPolicy);
	/**
	 * Lets people choose, at the second step, not to be asked for it on that device again for `days` (default and most: 30).
	 * Only where the second factor is optional: a session that begins so has shown one factor. Default: nobody can.
	 */
	trustedDevices?: { days?: number };
	/**
	 * Whether whoever signs up with an e-mail address must prove it. `required`: the account is made by the proof, and
	 * sign-up answers alike for new and taken addresses. `optional`: they are in at once, and asked to prove it by mail.
	 * `off`: nobody is asked. Who comes from a provider without a proven address is asked for one, which counts once it is
	 * proven: `required` makes no account without, `optional` lets them go on without. Default `"optional"`.
	 */
	emailVerification?: "required" | "optional" | "off";
	/** What users have besides what all have, such as `{ company: { schema: z.string().max(100), editable: true } }`. */
	userFields?: Fields;
	/** How people are written to. */
	mail?: MailOptions;
	/** Where the pages are that the library sends people to. Paths on this site. */
	pages?: {
		/** Default `/sign-in`. */
		signIn?: string;
		/** Where somebody signed in proves again who they are. Default `/reauthenticate`. */
		reauthenticate?: string;
		/** Where somebody goes whose sign-in at a provider did not work. Default `/sign-in/problem`. */
		signInProblem?: string;
		/** Where one connects and disconnects providers. Default `/account/connections`. */
		connections?: string;
		/** Where a sign-in goes that was not on its way elsewhere. Default `/`. */
		afterSignIn?: string;
		/** Default `/`. */
		afterSignOut?: string;
		/** Where a sign-in that waits for its second step goes on. Default `/sign-in/second-step`. */
		secondStep?: string;
		/** Default `/sign-up`. */
		signUp?: string;
		/** Where somebody goes who comes from a provider and of whom something is missing. Default `/sign-up/complete`. */
		completeSignUp?: string;
		/** Where a new password is chosen. Default `/reset-password`. */
		resetPassword?: string;
		/** Where a mailed code to sign in is typed. Default `/sign-in/code`. */
		signInCode?: string;
		/** Where a mailed code that proves an address is typed. Default `/verify-email`. */
		verifyEmail?: string;
		/** Where a link leads that undoes something, or that is broken. Default `/mail-link`. */
		mailLink?: string;
		/** Where somebody sees who is signed in to their account. Default `/account/devices`. */
		devices?: string;
		/** Where a forgotten password is reported. Default `/forgot-password`. */
		forgotPassword?: string;
		/** Where a password is changed. Default `/account/password`. */
		password?: string;
		/** Where passkeys are added and managed. Default `/account/security/passkeys`. */
		passkeys?: string;
	};
	/** Where the handlers are mounted. Default `/api/auth`. */
	basePath?: string;
	/** Receives what an operator may want to know. Default: JSON lines on standard error. */
	logger?: Logger;
	/** For tests. Default: the system's clock. */
	clock?: Clock;
}

/** What can be asked of a user besides a password. */
export const secondFactorPolicies = ["optional", "required", "phishing-resistant", "device-bound"] as const;

export type SecondFactorPolicy = (typeof secondFactorPolicies)[number];

/** Whether nothing but a passkey will do. */
export function asksForPasskey(policy: SecondFactorPolicy): boolean {
	return policy === "phishing-resistant" || policy === "device-bound";
}

/** What NIST SP 800-63B-4 allows a session of one factor at most (section 2.1.3). */
const mostTrustedDays = 30;

export interface ResolvedOptions {
	readonly name: string | null;
	readonly sessionLifetimeMs: number;
	readonly sessionIdleMs: number | null;
	readonly minPasswordLength: number;
	readonly signUp: "open" | "closed";
	readonly secondFactor: SecondFactorPolicy | ((user: User) => SecondFactorPolicy);
	/** `null` where no device can be trusted. */
	readonly trustedDeviceDays: number | null;
	readonly emailVerification: "required" | "optional" | "off";
	readonly userFields: UserFields;
	readonly mail: MailOptions;
	readonly pages: Readonly<Required<NonNullable<AuthOptions["pages"]>>>;
	readonly basePath: string;
	readonly logger: Logger;
	readonly clock: Clock | null;
	readonly overrides: SettingsOverrides;
}

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

const profiles = {
	default: { sessionLifetimeMs: 30 * day, sessionIdleMs: 14 * day, minPasswordLength: 8 },
	aal1: { sessionLifetimeMs: 30 * day, sessionIdleMs: null, minPasswordLength: 15 },
	aal2: { sessionLifetimeMs: 24 * hour, sessionIdleMs: hour, minPasswordLength: 15 },
	aal3: { sessionLifetimeMs: 12 * hour, sessionIdleMs: 15 * minute, minPasswordLength: 15 },
} as const;

/**
 * Fills in defaults and refuses contradictions. Looks at the shape of the options only, never at the environment, so
 * that a build needs neither secret nor database.
 * @throws {AuthError} `misconfigured`, with the cure.
 */
export function resolveOptions(options: AuthOptions): ResolvedOptions {
	checkMethods(options.methods);
	checkChoice("profile", options.profile, ["aal1", "aal2", "aal3"]);
	checkProfile(options);
	checkChoice("signUp", options.signUp, ["open", "closed"]);
	checkSecondFactor(options);
	checkChoice("emailVerification", options.emailVerification, ["required", "optional", "off"]);
	checkFrom(options.mail?.from);
	const { url, secret, pepper, database, databaseDirectUrl, trustedProxies, smtp } = options;
	return Object.freeze({
		...profiles[options.profile ?? "default"],
		name: options.name ?? null,
		signUp: options.signUp ?? "open",
		// Without the types of the application's own fields, which are in the user all the same.
		secondFactor: secondFactorOf(options) as ResolvedOptions["secondFactor"],
		trustedDeviceDays: checkTrustedDevices(options),
		emailVerification: options.emailVerification ?? "optional",
		userFields: checkUserFields(options.userFields ?? {}),
		mail: Object.freeze({ ...options.mail }),
		pages: Object.freeze({
			signIn: checkPath("pages.signIn", options.pages?.signIn ?? "/sign-in"),
			reauthenticate: checkPath("pages.reauthenticate", options.pages?.reauthenticate ?? "/reauthenticate"),
			signInProblem: checkPath("pages.signInProblem", options.pages?.signInProblem ?? "/sign-in/problem"),
			connections: checkPath("pages.connections", options.pages?.connections ?? "/account/connections"),
			afterSignIn: checkPath("pages.afterSignIn", options.pages?.afterSignIn ?? "/"),
			afterSignOut: checkPath("pages.afterSignOut", options.pages?.afterSignOut ?? "/"),
			secondStep: checkPath("pages.secondStep", options.pages?.secondStep ?? "/sign-in/second-step"),
			signUp: checkPath("pages.signUp", options.pages?.signUp ?? "/sign-up"),
			completeSignUp: checkPath("pages.completeSignUp", options.pages?.completeSignUp ?? "/sign-up/complete"),
			resetPassword: checkPath("pages.resetPassword", options.pages?.resetPassword ?? "/reset-password"),
			signInCode: checkPath("pages.signInCode", options.pages?.signInCode ?? "/sign-in/code"),
			verifyEmail: checkPath("pages.verifyEmail", options.pages?.verifyEmail ?? "/verify-email"),
			mailLink: checkPath("pages.mailLink", options.pages?.mailLink ?? "/mail-link"),
			devices: checkPath("pages.devices", options.pages?.devices ?? "/account/devices"),
			forgotPassword: checkPath("pages.forgotPassword", options.pages?.forgotPassword ?? "/forgot-password"),
			password: checkPath("pages.password", options.pages?.password ?? "/account/password"),
			passkeys: checkPath("pages.passkeys", options.pages?.passkeys ?? "/account/security/passkeys"),
		}),
		basePath: checkPath("basePath", options.basePath ?? "/api/auth"),
		logger: quietly(options.logger ?? jsonLogger),
		clock: options.clock ?? null,
		overrides: Object.freeze({
			...(url !== undefined && { url }),
			...(secret !== undefined && { secret }),
			...(pepper !== undefined && { pepper }),
			...(database !== undefined && { database }),
			...(databaseDirectUrl !== undefined && { databaseDirectUrl }),
			...(trustedProxies !== undefined && { trustedProxies }),
			...(smtp !== undefined && { smtp }),
		}),
	});
}

function checkMethods(methods: readonly Method[]): void {
	if (!Array.isArray(methods) || methods.length === 0) {
		throw misconfigured("createAuth: name at least one way to sign in, such as methods: [password()]");
	}
	const names = new Set<string>();
	for (const { name } of methods) {
		if (names.has(name)) throw misconfigured(`createAuth: two methods are named ${JSON.stringify(name)}`);
		names.add(name);
	}
}

function secondFactorOf({ secondFactor, profile }: AuthOptions): AuthOptions["secondFactor"] & {} {
	return secondFactor ?? (profile === "aal3" ? "device-bound" : profile === "aal2" ? "required" : "optional");
}

function checkSecondFactor(options: AuthOptions): void {
	const { methods } = options;
	const secondFactor = secondFactorOf(options);
	if (typeof secondFactor === "function") return;
	checkChoice("secondFactor", secondFactor, secondFactorPolicies);
	if (asksForPasskey(secondFactor) && !methods.some(({ name }) => name === "passkey")) {
		throw misconfigured(`createAuth: secondFactor "${secondFactor}" needs passkey() among the methods`);
	}
}

/** NIST SP 800-63B-4: 30 days is the most for what one factor opens (section 2.1.3), and at `aal2` two are shown each time. */
function checkTrustedDevices(options: AuthOptions): number | null {
	const { trustedDevices, profile } = options;
	if (trustedDevices === undefined) return null;
	const { days = mostTrustedDays } = trustedDevices;
	if (!Number.isInteger(days) || days < 1 || days > mostTrustedDays) {
		throw misconfigured(`createAuth: trustedDevices.days must be from 1 to ${mostTrustedDays}, not ${days}`);
	}
	const secondFactor = secondFactorOf(options);
	if (profile === "aal2" || profile === "aal3") {
		throw misconfigured(
			`createAuth: trustedDevices does not go together with profile ${JSON.stringify(profile)}, where every sign-in shows two factors; leave one out`,
		);
	}
	if (typeof secondFactor === "string" && secondFactor !== "optional") {
		throw misconfigured(
			`createAuth: trustedDevices does not go together with secondFactor ${JSON.stringify(secondFactor)}, which asks for it at every sign-in; leave one out`,
		);
	}
	return days;
}

function checkChoice(option: string, value: string | undefined, known: readonly string[]): void {
	if (value === undefined || known.includes(value)) return;
	throw misconfigured(`createAuth: ${option} must be ${choices(known)}, not ${JSON.stringify(value)}`);
}

export function choices(known: readonly string[]): string {
	return known.map((choice) => JSON.stringify(choice)).join(" or ");
}

/** NIST SP 800-63B-4, section 3.1.3.1: a mailbox proves no more than that somebody reads it. */
function checkProfile({ profile, methods }: AuthOptions): void {
	if (profile !== "aal2" && profile !== "aal3") return;
	if (!methods.some(({ name }) => name === "email-code")) return;
	throw misconfigured(
		`createAuth: ${profile} does not go together with emailCode(), which proves a mailbox only; leave one out`,
	);
}

function checkFrom(from: string | undefined): void {
	if (from === undefined || /^(?:[^<>\r\n@]* <)?[^<>\s@]+@[^<>\s@]+>?$/.test(from)) return;
	throw misconfigured(
		`createAuth: mail.from must be an address such as "Example <no-reply@example.com>", not ${JSON.stringify(from)}`,
	);
}

/** A logger that throws must not turn an answer into an exception: what it could not say is lost. */
function quietly(logger: Logger): Logger {
	return (entry) => {
		try {
			logger(entry);
		} catch {}
	};
}

function checkPath(option: string, path: string): string {
	if (/^\/(?!\/)[^\s\\?#]*$/.test(path) && (path === "/" || !path.endsWith("/"))) return path;
	throw misconfigured(
		`createAuth: ${option} must be a path on this site such as "/sign-in", not ${JSON.stringify(path)}`,
	);
}
