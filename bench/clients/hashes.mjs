/** Queues many password hashes at once and answers by how many bytes the process grew at its largest. */
import { verify } from "@node-rs/argon2";
import { deriveKeyRing } from "../../packages/latchkey/src/lib/crypto/keys.ts";
import { HashPool } from "../../packages/latchkey/src/lib/passwords/hash-pool.ts";
import { PasswordHasher } from "../../packages/latchkey/src/lib/passwords/password-hasher.ts";
import { goodPassword, secret } from "../lib/people.mjs";
import { serve } from "../lib/workshop.mjs";

serve(async ({ hashes, pooled }) => {
	const hasher = new PasswordHasher(new HashPool(), deriveKeyRing([secret], "password"));
	// Everything that is loaded late is loaded, and no hash has run yet.
	await verify("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$AAAA", goodPassword).catch(() => false);
	const unpooled = new PasswordHasher(new HashPool({ concurrency: hashes }), deriveKeyRing([secret], "password"));
	globalThis.gc();
	const before = process.memoryUsage.rss();
	let largest = before;
	const watch = setInterval(() => {
		largest = Math.max(largest, process.memoryUsage.rss());
	}, 2);
	const work = Array.from({ length: hashes }, () => (pooled ? hasher : unpooled).check(null, goodPassword));
	const results = await Promise.allSettled(work);
	clearInterval(watch);
	return { grownBytes: largest - before, refused: results.filter(({ status }) => status === "rejected").length };
});
