import { beforeEach, describe, expect, it, vi } from "vitest";
import { CountingPool, cheapHash } from "../../../test/instruments.ts";
import { deriveKeyRing } from "../crypto/keys.ts";
import { seal, unseal } from "../crypto/sealing.ts";
import { HashPool } from "./hash-pool.ts";
import { type Argon2Parameters, defaultParameters, PasswordHasher } from "./password-hasher.ts";

/** The PHC strings that Argon2 was asked to verify against. */
const verified = vi.hoisted((): string[] => []);

vi.mock("@node-rs/argon2", async (importOriginal) => {
	const real = await importOriginal<typeof import("@node-rs/argon2")>();
	const verify: typeof real.verify = (hashed, ...rest) => {
		verified.push(String(hashed));
		return real.verify(hashed, ...rest);
	};
	return { ...real, verify };
});

beforeEach(() => {
	verified.length = 0;
});

const keys = deriveKeyRing(["a-pepper-for-tests-0123456789-abcdefghij"], "password");
const ada = "0198c0de-0000-7000-8000-00000000ada0";
const bob = "0198c0de-0000-7000-8000-00000000b0b0";
const typed = "correct horse battery";
const salt = "c29tZXNhbHRzb21lc2FsdA";
const tag = "A".repeat(43);

function hasherWith(parameters: Argon2Parameters = cheapHash, ring = keys): PasswordHasher {
	return new PasswordHasher(new HashPool(), ring, parameters);
}

/** A password row that holds this PHC string. */
function storing(phc: string): { userId: string; sealed: string } {
	return { userId: ada, sealed: seal(keys, `password:${ada}`, phc) };
}

function parametersOf(phc: string): string {
	return phc.split("$").slice(1, 4).join("$");
}

describe("hashing a password", () => {
	it("uses Argon2id with at least OWASP's parameters by default [ASVS 11.4.2]", async () => {
		expect(defaultParameters.memoryKib).toBeGreaterThanOrEqual(19_456);
		expect(defaultParameters.passes).toBeGreaterThanOrEqual(2);
		expect(defaultParameters.lanes).toBeGreaterThanOrEqual(1);
		const sealed = await new PasswordHasher(new HashPool(), keys).hash(ada, typed);
		const phc = unseal(keys, `password:${ada}`, sealed)!;
		const { memoryKib, passes, lanes } = defaultParameters;
		expect(parametersOf(phc)).toBe(`argon2id$v=19$m=${memoryKib},t=${passes},p=${lanes}`);
		const [saltText, tagText] = phc.split("$").slice(4);
		expect(Buffer.from(saltText!, "base64").length).toBeGreaterThanOrEqual(16);
		expect(Buffer.from(tagText!, "base64").length).toBeGreaterThanOrEqual(32);
	});

	it("salts: the same password never looks the same", async () => {
		const hasher = hasherWith();
		const hashes = await Promise.all(Array.from({ length: 20 }, () => hasher.hash(ada, typed)));
		const opened = hashes.map((sealed) => unseal(keys, `password:${ada}`, sealed));
		expect(new Set(opened).size).toBe(20);
	});

	it("shows nothing of the hash without the pepper [A41]", async () => {
		const sealed = await hasherWith().hash(ada, typed);
		expect(sealed).not.toContain("argon2");
		expect(
			unseal(deriveKeyRing(["another-pepper-0123456789-abcdefghijklmn"], "password"), `password:${ada}`, sealed),
		).toBeNull();
	});
});

describe("checking a password", () => {
	it("matches the password and nothing near it: whole, as typed [ASVS 6.2.8]", async () => {
		const hasher = hasherWith();
		const long = `${"x".repeat(300)}1`;
		const stored = { userId: ada, sealed: await hasher.hash(ada, typed) };
		const storedLong = { userId: ada, sealed: await hasher.hash(ada, long) };
		expect(await hasher.check(stored, typed)).toEqual({ matches: true, outdated: false, keyIsMissing: false });
		expect(await hasher.check(storedLong, long)).toEqual({ matches: true, outdated: false, keyIsMissing: false });
		for (const near of ["", `${typed} `, ` ${typed}`, typed.toUpperCase(), typed.slice(0, -1), `${typed}\0`]) {
			expect(await hasher.check(stored, near)).toEqual({ matches: false, outdated: false, keyIsMissing: false });
		}
		expect(await hasher.check(storedLong, `${"x".repeat(300)}2`)).toMatchObject({ matches: false });
	});

	it("does not match in another user's row", async () => {
		const hasher = hasherWith();
		const sealed = await hasher.hash(ada, typed);
		const inAnothersRow = await hasher.check({ userId: bob, sealed }, typed);
		expect(inAnothersRow).toEqual({ matches: false, outdated: false, keyIsMissing: true });
		expect(await hasher.check({ userId: ada, sealed }, typed)).toMatchObject({ matches: true, keyIsMissing: false });
	});

	it("costs a whole hash of the same parameters when there is nobody to check it for [A20] [ASVS 6.3.8]", async () => {
		const pool = new CountingPool();
		const hasher = new PasswordHasher(pool, keys, { memoryKib: 64, passes: 3, lanes: 2 });
		const stored = { userId: ada, sealed: await hasher.hash(ada, typed) };
		pool.hashes = 0;
		await hasher.check(stored, "wrong");
		await hasher.check(null, "wrong");
		await hasher.check({ userId: bob, sealed: stored.sealed }, "wrong");
		await hasher.check({ userId: ada, sealed: "" }, "wrong");
		expect(pool.hashes).toBe(4);
		expect(verified.map(parametersOf)).toEqual(Array(4).fill("argon2id$v=19$m=64,t=3,p=2"));
	});

	it("matches nothing for nobody, not even what the decoy may be made of", async () => {
		const hasher = hasherWith();
		for (const attempt of ["", typed, "decoy"]) {
			expect(await hasher.check(null, attempt)).toEqual({ matches: false, outdated: false, keyIsMissing: false });
		}
	});

	it.each<[string, Argon2Parameters]>([
		["memory", { memoryKib: 16, passes: 1, lanes: 1 }],
		["passes", { memoryKib: 8, passes: 2, lanes: 1 }],
		["lanes", { memoryKib: 16, passes: 1, lanes: 2 }],
	])("finds a hash outdated that has less %s than today's, and only if it matches", async (_, today) => {
		const stored = { userId: ada, sealed: await hasherWith(cheapHash).hash(ada, typed) };
		const hasher = hasherWith(today);
		expect(await hasher.check(stored, typed)).toEqual({ matches: true, outdated: true, keyIsMissing: false });
		expect(await hasher.check(stored, "wrong")).toEqual({ matches: false, outdated: false, keyIsMissing: false });
		const anew = { userId: ada, sealed: await hasher.hash(ada, typed) };
		expect(await hasher.check(anew, typed)).toEqual({ matches: true, outdated: false, keyIsMissing: false });
	});

	it("leaves a hash alone that is stronger than today's", async () => {
		const stored = { userId: ada, sealed: await hasherWith({ memoryKib: 64, passes: 3, lanes: 2 }).hash(ada, typed) };
		expect(await hasherWith(cheapHash).check(stored, typed)).toEqual({
			matches: true,
			outdated: false,
			keyIsMissing: false,
		});
	});

	it("goes on under a rotated pepper, finds the hash outdated, and forgets it with the pepper [A44]", async () => {
		const [old, next] = ["a-pepper-for-tests-0123456789-abcdefghij", "the-next-pepper-0123456789-abcdefghijklm"];
		const stored = { userId: ada, sealed: await hasherWith().hash(ada, typed) };
		const rotated = hasherWith(cheapHash, deriveKeyRing([next, old], "password"));
		expect(await rotated.check(stored, typed)).toEqual({ matches: true, outdated: true, keyIsMissing: false });
		const retired = hasherWith(cheapHash, deriveKeyRing([next], "password"));
		expect(await retired.check(stored, typed)).toEqual({ matches: false, outdated: false, keyIsMissing: true });
	});

	it.each([
		["4 TiB of memory", `$argon2id$v=19$m=4294967295,t=1,p=1$${salt}$${tag}`],
		["more than 1 GiB of memory", `$argon2id$v=19$m=1048577,t=1,p=1$${salt}$${tag}`],
		["too many passes", `$argon2id$v=19$m=8,t=17,p=1$${salt}$${tag}`],
		["too many lanes", `$argon2id$v=19$m=1024,t=1,p=17$${salt}$${tag}`],
		["no memory", `$argon2id$v=19$m=0,t=1,p=1$${salt}$${tag}`],
		["no passes", `$argon2id$v=19$m=8,t=0,p=1$${salt}$${tag}`],
		["no lanes", `$argon2id$v=19$m=8,t=1,p=0$${salt}$${tag}`],
		["less memory than its lanes need", `$argon2id$v=19$m=8,t=1,p=2$${salt}$${tag}`],
		["numbers with zeros before them", `$argon2id$v=19$m=00000008,t=1,p=1$${salt}$${tag}`],
		["a short salt", `$argon2id$v=19$m=8,t=1,p=1$YQ$${tag}`],
		["a salt that is not base64", `$argon2id$v=19$m=8,t=1,p=1$${salt.slice(0, -1)}$${tag}`],
		["a huge hash", `$argon2id$v=19$m=8,t=1,p=1$${salt}$${"A".repeat(400_000)}`],
		["another version", `$argon2id$v=16$m=8,t=1,p=1$${salt}$${tag}`],
		["Argon2i", `$argon2i$v=19$m=8,t=1,p=1$${salt}$${tag}`],
		["Argon2d", `$argon2d$v=19$m=8,t=1,p=1$${salt}$${tag}`],
		["bcrypt", "$2b$31$abcdefghijklmnopqrstuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu"],
		["something after its end", `$argon2id$v=19$m=8,t=1,p=1$${salt}$${tag}\n`],
		["nothing", ""],
	])("never runs a stored hash with %s, and answers as for a wrong password [A38]", async (_, phc) => {
		expect(await hasherWith().check(storing(phc), typed)).toEqual({
			matches: false,
			outdated: false,
			keyIsMissing: false,
		});
		expect(verified).toHaveLength(1);
		expect(verified[0]).not.toBe(phc);
		expect(parametersOf(verified[0]!)).toBe("argon2id$v=19$m=8,t=1,p=1");
	});

	it("runs a stored hash that is unusual but sound", async () => {
		const phc = `$argon2id$v=19$m=16,t=1,p=2$${salt}$${tag}`;
		expect(await hasherWith().check(storing(phc), typed)).toEqual({
			matches: false,
			outdated: false,
			keyIsMissing: false,
		});
		expect(verified).toEqual([phc]);
	});
});
