import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { ada, signedUp } from "../../test/harness.ts";
import { codeIn, openMailAuth, tokenIn } from "../../test/mail.ts";
import { openMailLink } from "../lib/mail/mail-link.ts";

it("[A41] what a message holds is in no log and no byte of the database, sent or waiting", async () => {
	const auth = openMailAuth();
	const browser = await signedUp(auth);
	await auth.browser().post("/api/auth/password-resets", { email: ada.email });
	await auth.browser().post("/api/auth/email-codes", { email: ada.email });
	await browser.put(`/api/auth/email-verifications/${codeIn(await auth.mail("verify_email"))}`);
	await browser.post("/api/auth/email-verifications", { email: "ada@new.example" });
	await browser.put(`/api/auth/email-verifications/${codeIn(await auth.mail("change_email"))}`);
	await browser.delete("/api/auth/user");
	const mails = await auth.mails();
	const tokens = mails.filter(({ text }) => text.includes("/mail-links/")).map(tokenIn);
	expect(tokens.length).toBeGreaterThan(5);
	const { mailLinks } = await auth.engine();
	const inside = tokens.map((token) => openMailLink(mailLinks, token)!.secret).filter((secret) => secret.length > 6);
	expect(inside.length).toBeGreaterThan(2);
	const stored = Buffer.concat([readFileSync(auth.file), readFileSync(`${auth.file}-wal`)]);
	const logged = JSON.stringify(auth.logged);
	for (const secret of [...tokens, ...inside]) {
		expect(stored.includes(secret)).toBe(false);
		expect(stored.includes(Buffer.from(secret, "base64url"))).toBe(false);
		expect(logged).not.toContain(secret);
	}
});

it("[A41] a stolen database tells no code by trying all of them", async () => {
	const auth = openMailAuth();
	await signedUp(auth);
	const thief = auth.browser();
	await thief.post("/api/auth/email-codes", { email: ada.email });
	const code = codeIn(await auth.mail("sign_in_code"));
	const { storage } = await auth.engine();
	const { createHash } = await import("node:crypto");
	// Without the server's key, neither the code nor the code with what the database says of its holder finds the row.
	const rows = readFileSync(auth.file).toString("latin1") + readFileSync(`${auth.file}-wal`).toString("latin1");
	const holders = [...new Set(rows.match(/browser:[\w-]{43}/g) ?? [])];
	for (const text of [code, ...holders.map((holder) => `sign-in-code:${holder}:${code}`)]) {
		const tokenHash = createHash("sha256").update(text).digest();
		expect(await storage.peekToken({ purpose: "sign-in-code", tokenHash })).toBeNull();
	}
	expect((await thief.post("/api/auth", { code })).status).toBe(200);
});
