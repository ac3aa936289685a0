import { describe, expect, it } from "vitest";
import { bundle, parts } from "./bundle.mjs";

const { next, store, flows } = parts;
const everybody =
	/^(crypto|devices|events|http|mail|methods|next|passwords|second-step|sessions|sign-in|storage|users)\//;

async function modulesOf(code) {
	return [...(await bundle(code)).modules.keys()].map((path) => path.replace("packages/latchkey/src/lib/", ""));
}

// Counts of bytes, not times. Whatever makes one of these fail is better imported where it is used first.
describe("what an application with nothing but passwords loads", () => {
	it("is nothing of a feature that it has not configured", async () => {
		const own = (await modulesOf(next + store + flows)).filter((path) => !/node_modules|^<stdin>/.test(path));
		const others = own.filter((path) => path.includes("/") && !everybody.test(path));
		expect(others.sort()).toEqual([
			// Its options are checked at once, its handler is loaded by a request.
			"bff/lazy-bff-handler.ts",
			"bff/upstream.ts",
			// The answer to a sign-up where addresses must be proven first.
			"email-codes/code-asked.ts",
			// A recent proof may be any factor that the account has.
			"factors/verify-factor.ts",
			"oauth/provider.ts",
			"oauth/providers.ts",
			// Whether the domain of passkeys fits the site is known at start.
			"passkeys/relying-party.ts",
			"passkeys/responses.ts",
			"recovery-codes/recovery-codes.ts",
			"totp/totp.ts",
		]);
	});

	it("is guards and the session check, until somebody signs in", async () => {
		const modules = await modulesOf(next);
		expect(modules.filter((path) => /-routes\.ts$|^sign-in\/|^storage\/sqlite/.test(path))).toEqual([]);
		expect(modules.filter((path) => path.startsWith("node_modules/") && !path.includes("/zod/v4/"))).toEqual([]);
	});

	it("takes neither the large form of zod nor more of Kysely than its builder", async () => {
		const modules = await modulesOf(next + store + flows);
		expect(modules.filter((path) => /zod\/v4\/classic|kysely\/dist\/(kysely\.js|schema|driver)/.test(path))).toEqual(
			[],
		);
	});

	it("is below 80 kB compressed with the SQLite store, and little more with all that passwords bring", async () => {
		expect((await bundle(next)).gzipKb).toBeLessThan(34);
		expect((await bundle(next + store)).gzipKb).toBeLessThan(78);
		expect((await bundle(next + store + flows)).gzipKb).toBeLessThan(90);
	});

	it("is of the providers those that are named, each a few lines", async () => {
		const code = next
			.replace("password }", "discord, password, twitch }")
			.replace("[password()]", "[password(), discord(), twitch()]");
		const { modules } = await bundle(code);
		const providers = [...modules].filter(([path]) => path.includes("/oauth/providers/"));
		const names = providers.map(([path]) => path.split("/").at(-1));
		expect(names.sort()).toEqual(["discord.ts", "oidc.ts", "twitch.ts"]);
		for (const [path, bytes] of providers) expect(bytes, path).toBeLessThan(1500);
		expect([...modules.keys()].filter((path) => /openid-client|oauth4webapi|node_modules\/jose/.test(path))).toEqual(
			[],
		);
	});
});
