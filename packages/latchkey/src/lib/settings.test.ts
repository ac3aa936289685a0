import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AuthError } from "./errors.ts";
import { isLoopbackHost, loopbackSecretPrefix, readSettings } from "./settings.ts";

const secret = "a-good-secret-0123456789-abcdefghijklmnop";
const pepper = "a-good-pepper-0123456789-abcdefghijklmnop";

/** What the operator reads. */
function refusalOf(env: Record<string, string>): string {
	try {
		readSettings({}, { AUTH_SECRET: secret, ...env });
	} catch (error) {
		expect(error).toBeInstanceOf(AuthError);
		expect((error as AuthError).code).toBe("misconfigured");
		return (error as AuthError).message;
	}
	throw new Error("nothing was refused");
}

describe("readSettings", () => {
	it("needs nothing but a secret on this machine", () => {
		expect(readSettings({}, { AUTH_SECRET: secret })).toMatchObject({
			origin: "http://localhost:3000",
			secure: false,
			loopback: true,
			secrets: [secret],
			peppers: [secret],
			databaseUrl: "file:.data/latchkey.db",
			trustedProxies: 0,
		});
	});

	it("reads every variable", () => {
		const env = {
			AUTH_URL: "https://example.com/",
			AUTH_SECRET: secret,
			AUTH_PEPPER: pepper,
			AUTH_DATABASE_URL: "file:/var/lib/auth.db",
			AUTH_TRUSTED_PROXIES: "2",
			PORT: "4000",
		};
		expect(readSettings({}, env)).toMatchObject({
			origin: "https://example.com",
			secure: true,
			loopback: false,
			secrets: [secret],
			peppers: [pepper, secret],
			databaseUrl: "file:/var/lib/auth.db",
			trustedProxies: 2,
		});
	});

	it("takes the port of this machine's server from PORT", () => {
		expect(readSettings({}, { AUTH_SECRET: secret, PORT: "4000" }).origin).toBe("http://localhost:4000");
		expect(readSettings({}, { AUTH_SECRET: secret, PORT: "" }).origin).toBe("http://localhost:3000");
	});

	it("lets the options win over the environment", () => {
		const overrides = { url: "https://a.example", secret: pepper, database: "file:a.db", trustedProxies: 1 };
		const env = { AUTH_URL: "https://b.example", AUTH_SECRET: secret, AUTH_TRUSTED_PROXIES: "7" };
		expect(readSettings(overrides, env)).toMatchObject({
			origin: "https://a.example",
			secrets: [pepper],
			databaseUrl: "file:a.db",
			trustedProxies: 1,
		});
	});

	it("never uses the application's own variables by accident", () => {
		const env = {
			AUTH_SECRET: secret,
			DATABASE_URL: "postgres://app",
			NEXTAUTH_URL: "https://other.example",
			SECRET: "x",
		};
		expect(readSettings({}, env)).toMatchObject({
			databaseUrl: "file:.data/latchkey.db",
			origin: "http://localhost:3000",
		});
	});

	it("reads several secrets in their order, with or without spaces [A44]", () => {
		const { secrets, peppers } = readSettings({}, { AUTH_SECRET: `${secret}, ${pepper}` });
		expect(secrets).toEqual([secret, pepper]);
		expect(peppers).toEqual(secrets);
	});

	it.each<[string, Record<string, string>, string]>([
		["no secret", { AUTH_SECRET: "" }, "AUTH_SECRET is not set; make one with: npx latchkey secret"],
		[
			"a short secret",
			{ AUTH_SECRET: "0123456789-abcdefghijklmnopqrst" },
			"AUTH_SECRET has fewer than 32 bytes; make one with: npx latchkey secret",
		],
		[
			"a short one among several",
			{ AUTH_SECRET: `${secret},short` },
			"AUTH_SECRET number 2 has fewer than 32 bytes; make one with: npx latchkey secret",
		],
		[
			"an empty one among several",
			{ AUTH_SECRET: `${secret},` },
			"AUTH_SECRET number 2 has fewer than 32 bytes; make one with: npx latchkey secret",
		],
		[
			"a secret that repeats itself",
			{ AUTH_SECRET: "changeme".repeat(8) },
			"AUTH_SECRET repeats itself; make a random one with: npx latchkey secret",
		],
		[
			"a short pepper",
			{ AUTH_PEPPER: "pepper" },
			"AUTH_PEPPER has fewer than 32 bytes; make one with: npx latchkey secret",
		],
		[
			"a secret made for this machine on another",
			{ AUTH_SECRET: `${loopbackSecretPrefix}${secret}`, AUTH_URL: "https://example.com" },
			"AUTH_SECRET was made for local use and does not hold for https://example.com; make another with: npx latchkey secret",
		],
		[
			"one of those among several",
			{ AUTH_SECRET: `${secret},${loopbackSecretPrefix}${secret}`, AUTH_URL: "https://example.com" },
			"AUTH_SECRET was made for local use and does not hold for https://example.com; make another with: npx latchkey secret",
		],
		[
			"http on another machine",
			{ AUTH_URL: "http://example.com" },
			"AUTH_URL is http://example.com: http is accepted for localhost only; use https",
		],
		[
			"http on a name that only looks like this machine",
			{ AUTH_URL: "http://localhost.example.com" },
			"AUTH_URL is http://localhost.example.com: http is accepted for localhost only; use https",
		],
		[
			"no origin",
			{ AUTH_URL: "example.com" },
			'AUTH_URL must be an origin such as https://example.com, not "example.com"',
		],
		[
			"another scheme",
			{ AUTH_URL: "ftp://example.com" },
			'AUTH_URL must be an origin such as https://example.com, not "ftp://example.com"',
		],
		[
			"a path",
			{ AUTH_URL: "https://example.com/app" },
			"AUTH_URL must be an origin and nothing else: https://example.com",
		],
		[
			"a query",
			{ AUTH_URL: "https://example.com?a" },
			"AUTH_URL must be an origin and nothing else: https://example.com",
		],
		[
			"credentials, which it does not repeat",
			{ AUTH_URL: "https://ada:pass@example.com" },
			"AUTH_URL must be an origin and nothing else: https://example.com",
		],
		[
			"a number of proxies that is none",
			{ AUTH_TRUSTED_PROXIES: "all" },
			"AUTH_TRUSTED_PROXIES must be a number of proxies, such as 0 or 1",
		],
		[
			"a negative number of proxies",
			{ AUTH_TRUSTED_PROXIES: "-1" },
			"AUTH_TRUSTED_PROXIES must be a number of proxies, such as 0 or 1",
		],
	])("refuses %s, with the cure in one line [ASVS 13.2.3]", (_, env, message) => {
		const refusal = refusalOf(env);
		expect(refusal).toBe(message);
		expect(refusal).not.toContain("\n");
	});

	it.each(["mysql://ada:pass@db/app", "sqlite:a.db", ".data/a.db", "file:", "FILE:a.db"])(
		"refuses the database %j and repeats nothing of it that could be secret",
		(url) => {
			const refusal = refusalOf({ AUTH_DATABASE_URL: url });
			expect(refusal).toMatch(/^AUTH_DATABASE_URL must/);
			expect(refusal).not.toContain("pass");
			expect(refusal).not.toContain("\n");
		},
	);

	it.each([1.5, -1, 100, Number.NaN])("refuses %d proxies as an option", (trustedProxies) => {
		expect(() => readSettings({ trustedProxies }, { AUTH_SECRET: secret })).toThrow(/AUTH_TRUSTED_PROXIES/);
	});

	it("never repeats a secret in a refusal [A41]", () => {
		for (const given of ["short-but-secret", "abcabcabc".repeat(5), `${secret},tail-of-secret`]) {
			const refusal = refusalOf({ AUTH_SECRET: given });
			for (const part of given.split(",")) expect(refusal).not.toContain(part);
		}
	});

	it("takes a secret made for this machine on this machine", () => {
		const local = `${loopbackSecretPrefix}${secret}`;
		expect(readSettings({}, { AUTH_SECRET: local, AUTH_URL: "http://127.0.0.1:3000" }).secrets).toEqual([local]);
	});

	it("counts the bytes of a secret, not its characters", () => {
		expect(readSettings({}, { AUTH_SECRET: "äöüßéèêçñøåλμπω" + "ab" }).secrets).toHaveLength(1);
	});
});

describe("NAME_FILE", () => {
	let folder: string;

	beforeEach(() => {
		folder = mkdtempSync(join(tmpdir(), "latchkey-settings-"));
	});

	afterEach(() => {
		rmSync(folder, { recursive: true });
	});

	function fileWith(text: string): string {
		const file = join(folder, "value");
		writeFileSync(file, text);
		return file;
	}

	it("holds a value, whatever line it ends with", () => {
		const settings = readSettings({}, { AUTH_SECRET_FILE: fileWith(`${secret}\r\n`) });
		expect(settings.secrets).toEqual([secret]);
	});

	it.each([
		["AUTH_URL", "https://example.com", { origin: "https://example.com" }],
		["AUTH_PEPPER", pepper, { peppers: [pepper, secret] }],
		["AUTH_DATABASE_URL", "file:other.db", { databaseUrl: "file:other.db" }],
		["AUTH_TRUSTED_PROXIES", "3", { trustedProxies: 3 }],
	])("serves for %s as well", (name, value, expected) => {
		expect(readSettings({}, { AUTH_SECRET: secret, [`${name}_FILE`]: fileWith(`${value}\n`) })).toMatchObject(expected);
	});

	it("gives way to the variable itself", () => {
		const settings = readSettings({}, { AUTH_SECRET: secret, AUTH_SECRET_FILE: fileWith(pepper) });
		expect(settings.secrets).toEqual([secret]);
	});

	it("is refused when it cannot be read, instead of falling back to something weaker [A39]", () => {
		const file = join(folder, "missing");
		const refusal = refusalOf({ AUTH_SECRET: "", AUTH_SECRET_FILE: file });
		expect(refusal).toBe(`AUTH_SECRET_FILE names a file that cannot be read: ${file}`);
		expect(refusalOf({ AUTH_PEPPER_FILE: file })).toContain("AUTH_PEPPER_FILE");
	});

	it("is held to the same rules", () => {
		expect(refusalOf({ AUTH_SECRET: "", AUTH_SECRET_FILE: fileWith("short") })).toContain("fewer than 32 bytes");
		expect(refusalOf({ AUTH_SECRET: "", AUTH_SECRET_FILE: fileWith("\n") })).toContain("AUTH_SECRET is not set");
	});
});

describe("isLoopbackHost", () => {
	it.each(["localhost", "LOCALHOST", "app.localhost", "127.0.0.1", "127.8.9.10", "::1", "[::1]"])(
		"knows %s",
		(host) => {
			expect(isLoopbackHost(host)).toBe(true);
		},
	);

	it.each([
		"example.com",
		"localhost.example.com",
		"notlocalhost",
		"127.0.0.1.example.com",
		"127.evil.example",
		"128.0.0.1",
		"10.0.0.1",
		"0.0.0.0",
		"::",
		"::ffff:127.0.0.1",
		"",
	])("does not take %j for this machine [A13]", (host) => {
		expect(isLoopbackHost(host)).toBe(false);
	});
});
