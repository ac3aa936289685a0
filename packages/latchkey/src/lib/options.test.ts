import { describe, expect, it } from "vitest";
import { emailCode } from "./email-codes/email-code.ts";
import { AuthError } from "./errors.ts";
import { type AuthOptions, resolveOptions } from "./options.ts";
import { passkey } from "./passkeys/passkey.ts";
import { password } from "./passwords/password.ts";

const methods = [password()];
const minute = 60_000;
const day = 24 * 60 * minute;

/** Options as a project without TypeScript may give them. */
function resolve(options: Record<string, unknown>) {
	return resolveOptions({ methods, ...options } as AuthOptions);
}

describe("resolveOptions", () => {
	it("fills in what the documentation says", () => {
		expect(resolve({})).toMatchObject({
			name: null,
			sessionLifetimeMs: 30 * day,
			sessionIdleMs: 14 * day,
			minPasswordLength: 8,
			signUp: "open",
			pages: { signIn: "/sign-in", afterSignIn: "/", afterSignOut: "/" },
			basePath: "/api/auth",
			clock: null,
			overrides: {},
		});
	});

	it.each(["aal2", "aal3"])("[ASVS 6.3.6] lets no mailed code in at %s", (profile) => {
		expect(() => resolve({ profile, methods: [password(), emailCode()] })).toThrow("emailCode()");
		expect(() => resolve({ profile: "aal1", methods: [password(), emailCode()] })).not.toThrow();
	});

	it.each([
		["aal1", 30 * day, null],
		["aal2", day, 60 * minute],
		["aal3", day / 2, 15 * minute],
	])("takes the numbers of NIST SP 800-63B-4 for %s [ASVS 7.1.1]", (profile, sessionLifetimeMs, sessionIdleMs) => {
		const methods = [password(), passkey()];
		expect(resolve({ profile, methods })).toMatchObject({ sessionLifetimeMs, sessionIdleMs, minPasswordLength: 15 });
	});

	it("asks for as many factors as the profile means, unless it is told otherwise [ASVS 6.3.3]", () => {
		const methods = [password(), passkey()];
		const asked = (profile?: string) => resolve({ methods, ...(profile !== undefined && { profile }) }).secondFactor;
		expect([asked(), asked("aal1"), asked("aal2"), asked("aal3")]).toEqual([
			"optional",
			"optional",
			"required",
			"device-bound",
		]);
		expect(resolve({ profile: "aal3", secondFactor: "optional" }).secondFactor).toBe("optional");
		expect(() => resolve({ profile: "aal3" })).toThrow("passkey() among the methods");
		const byRole = () => "required" as const;
		expect(resolve({ secondFactor: byRole }).secondFactor).toBe(byRole);
		expect(() => resolve({ secondFactor: "never" })).toThrow(
			'createAuth: secondFactor must be "optional" or "required" or "phishing-resistant" or "device-bound", not "never"',
		);
	});

	it("lets devices be trusted where that is said, for 30 days at most", () => {
		expect(resolve({}).trustedDeviceDays).toBeNull();
		expect(resolve({ trustedDevices: {} }).trustedDeviceDays).toBe(30);
		expect(resolve({ trustedDevices: { days: 7 } }).trustedDeviceDays).toBe(7);
	});

	it("is frozen, so that nothing changes what was checked", () => {
		const resolved = resolve({ secret: "x" });
		for (const part of [resolved, resolved.pages, resolved.overrides]) expect(Object.isFrozen(part)).toBe(true);
	});

	it("looks at no environment, so that a build needs neither secret nor database", () => {
		expect(resolve({ url: "not a url", secret: "short", database: "nowhere" }).overrides).toEqual({
			url: "not a url",
			secret: "short",
			database: "nowhere",
		});
	});

	it.each<[string, Record<string, unknown>, string]>([
		["no methods", { methods: [] }, "createAuth: name at least one way to sign in, such as methods: [password()]"],
		[
			"methods that are no list",
			{ methods: undefined },
			"createAuth: name at least one way to sign in, such as methods: [password()]",
		],
		["a method twice", { methods: [password(), password()] }, 'createAuth: two methods are named "password"'],
		["an unknown profile", { profile: "aal4" }, 'createAuth: profile must be "aal1" or "aal2" or "aal3", not "aal4"'],
		[
			"a profile that every object has",
			{ profile: "toString" },
			'createAuth: profile must be "aal1" or "aal2" or "aal3", not "toString"',
		],
		[
			"a sign-up that is neither open nor closed",
			{ signUp: "Closed" },
			'createAuth: signUp must be "open" or "closed", not "Closed"',
		],
	])("refuses %s, with the cure [A39]", (_, options, message) => {
		expect(() => resolve(options)).toThrow(expect.objectContaining({ code: "misconfigured", message }));
	});

	it.each([
		"sign-in",
		"",
		"//evil.example",
		"https://evil.example",
		"/\\evil.example",
		"/sign in",
		"/sign-in/",
		"/sign-in?next=/",
		"/sign-in#top",
		"javascript:alert(1)",
	])("refuses the page %j [A12]", (path) => {
		for (const options of [
			{ pages: { signIn: path } },
			{ pages: { afterSignIn: path } },
			{ pages: { afterSignOut: path } },
			{ basePath: path },
		]) {
			expect(() => resolve(options)).toThrow(AuthError);
		}
	});

	it("takes any other path on this site", () => {
		const pages = { signIn: "/konto/anmelden", afterSignIn: "/", afterSignOut: "/bis-bald" };
		expect(resolve({ pages, basePath: "/auth" })).toMatchObject({ pages, basePath: "/auth" });
	});
});
