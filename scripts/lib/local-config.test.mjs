import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ensureLocalConfig, readEnvironment } from "./local-config.mjs";
import { temporaryFolder, writeFiles } from "./temporary-folder.mjs";

it("makes a secret for this machine, once, that only its owner can read", async () => {
	const folder = temporaryFolder();
	await configure(folder);
	const first = local(folder);
	expect(first).toMatch(/^# Made by the first start.*\nAUTH_SECRET=loopback_[\w-]{43}\n$/);
	expect(statSync(join(folder, ".env.local")).mode & 0o777).toBe(0o600);
	await configure(folder);
	expect(local(folder)).toBe(first);
});

it("makes one secret when two start at the same moment", async () => {
	const folder = temporaryFolder();
	await Promise.all([configure(folder), configure(folder), configure(folder)]);
	expect(local(folder).match(/AUTH_SECRET=/g)).toHaveLength(1);
});

it("keeps what is in .env.local, and closes the file", async () => {
	const folder = temporaryFolder({ ".env.local": "SMTP_URL=smtp://localhost" });
	await configure(folder);
	expect(local(folder)).toMatch(/^SMTP_URL=smtp:\/\/localhost\n#.*\nAUTH_SECRET=loopback_/);
	expect(statSync(join(folder, ".env.local")).mode & 0o777).toBe(0o600);
});

it.each([{ AUTH_SECRET: "x".repeat(32) }, { AUTH_SECRET_FILE: "/run/secrets/auth" }])(
	"makes none when there is %o",
	async (env) => {
		const folder = temporaryFolder();
		await configure(folder, env);
		expect(existsSync(join(folder, ".env.local"))).toBe(false);
	},
);

it.each([".env", ".env.production", ".env.production.local"])("finds the secret in %s", async (name) => {
	const folder = temporaryFolder({ [name]: `AUTH_SECRET=${"x".repeat(32)}\n` });
	await configure(folder);
	expect(existsSync(join(folder, ".env.local"))).toBe(false);
});

it.each([
	"https://example.com",
	"https://localhost.example.com",
	"https://127.0.0.1.example.com",
	"http://192.168.1.2:3000",
	"https://127.example.com",
])("makes nothing up for %s", async (AUTH_URL) => {
	const folder = temporaryFolder();
	await expect(configure(folder, { AUTH_URL })).rejects.toThrow(
		/^AUTH_SECRET is not set, and http.* is not this machine/,
	);
	expect(existsSync(join(folder, ".env.local"))).toBe(false);
});

it("does not let the secret of the first start out of this machine", async () => {
	const folder = temporaryFolder();
	await configure(folder);
	const AUTH_URL = "https://example.com";
	await expect(configure(folder, { AUTH_URL })).rejects.toThrow("was made for local use");
	const { env, loopback } = await configure(folder, { AUTH_URL, AUTH_SECRET: "x".repeat(32) });
	expect({ env, loopback }).toEqual({ env: { AUTH_URL, AUTH_SECRET: "x".repeat(32), PORT: "3000" }, loopback: false });
});

it.each(["http://localhost:4000", "http://app.localhost", "http://127.0.0.1:3000", "http://[::1]:3000"])(
	"takes %s for this machine",
	async (AUTH_URL) => {
		const { origin, loopback, env } = await configure(temporaryFolder(), { AUTH_URL });
		expect({ origin, loopback, url: env.AUTH_URL }).toEqual({ origin: AUTH_URL, loopback: true, url: AUTH_URL });
	},
);

it("reads the origin from where it is declared: a file, or a file that a variable names", async () => {
	const folder = temporaryFolder({ ".env.local": "AUTH_URL=https://a.example\n", url: "https://b.example\n" });
	await expect(configure(folder)).rejects.toThrow("https://a.example");
	await expect(configure(folder, { AUTH_URL_FILE: join(folder, "url") })).rejects.toThrow("https://b.example");
});

it("tells the application its origin and port when nobody said them", async () => {
	const { env } = await ensureLocalConfig(temporaryFolder(), { port: 4321, env: {}, say: () => {} });
	expect(env).toEqual({ AUTH_URL: "http://localhost:4321", PORT: "4321" });
});

it("refuses an origin that is none", async () => {
	await expect(configure(temporaryFolder(), { AUTH_URL: "example" })).rejects.toThrow('not "example"');
});

it("lets the environment win over the files, near files over far ones, and an empty variable count as none", () => {
	const folder = temporaryFolder({
		".env": "A=env\nB=env\nC=env\nAUTH_SECRET=env\n",
		".env.local": "B=local\nC=local\n",
	});
	writeFiles(folder, { ".env.development": "A=dev\n" });
	expect(readEnvironment(folder, "production", { C: "set", AUTH_SECRET: "" })).toEqual({
		A: "env",
		B: "local",
		C: "set",
		AUTH_SECRET: "env",
	});
	// Otherwise the secret in the file would win over the one that the environment names.
	expect(readEnvironment(folder, "production", { AUTH_SECRET_FILE: "/f" }).AUTH_SECRET).toBe("");
});

function configure(folder, env = {}) {
	return ensureLocalConfig(folder, { port: 3000, env, say: () => {} });
}

function local(folder) {
	return readFileSync(join(folder, ".env.local"), "utf8");
}
