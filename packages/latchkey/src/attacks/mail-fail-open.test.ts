import { describe, expect, it } from "vitest";
import { ada, signedUp } from "../../test/harness.ts";
import { codeIn, type MailAuth, openMailAuth, tokenIn } from "../../test/mail.ts";
import { AuthError } from "../lib/errors.ts";
import type { Storage } from "../lib/storage/storage.ts";
import type { TestAnswer, TestBrowser } from "../testing.ts";

const verifications = "/api/auth/email-verifications";

interface Stage {
	auth: MailAuth;
	/** Ada, signed in, with a proven address. */
	owner: TestBrowser;
	/** Somebody at Ada's mailbox who asked for a code and a reset. */
	reader: TestBrowser;
	code: string;
	reset: string;
	/** The code for another address. */
	change: string;
}

const newPassword = { newPassword: "another horse staple" };

/** Which request asks for each operation, and what it would have brought about. */
const acts: Partial<Record<keyof Storage, (stage: Stage) => Promise<TestAnswer>>> = {
	appendEvents: ({ reader }) => reader.post("/api/auth/email-codes", { email: ada.email }),
	increment: ({ reader }) => reader.post("/api/auth/password-resets", { email: ada.email }),
	peekToken: ({ reader, reset }) => reader.put(`/api/auth/password-resets/${reset}`, newPassword),
	resetPassword: ({ reader, reset }) => reader.put(`/api/auth/password-resets/${reset}`, newPassword),
	consumeToken: ({ reader, code }) => reader.post("/api/auth", { code }),
	proveEmail: ({ reader, code }) => reader.post("/api/auth", { code }),
	replaceToken: ({ owner }) => owner.post(verifications, { email: "third@new.example" }),
	findToken: ({ owner }) => owner.get(verifications),
	dropTokens: ({ owner }) => owner.delete(verifications),
	changeEmail: ({ owner, change }) => owner.put(`${verifications}/${change}`),
	requestDeletion: ({ owner }) => owner.delete("/api/auth/user"),
	readDeletion: ({ owner }) => owner.get("/api/auth/user/deletion"),
	undoDeletion: ({ owner }) => owner.delete("/api/auth/user/deletion"),
	recordFailure: ({ reader }) => reader.post("/api/auth", { email: ada.email, password: "wrong" }),
};

describe("while one operation of the store fails, what goes by mail", () => {
	it.each(Object.keys(acts) as (keyof Storage)[])(
		"[A39] [ASVS 16.5.3] is denied, and changes nothing: %s",
		async (name) => {
			const stage = await set();
			const engine = await stage.auth.engine();
			let calls = 0;
			const broken = () => {
				calls += 1;
				return Promise.reject(new AuthError("store_unavailable", { detail: "canary" }));
			};
			Object.assign(engine, { storage: { ...engine.storage, [name]: broken } });
			if (name === "increment") {
				const { Throttle } = await import("../lib/http/throttle.ts");
				const { deriveKeyRing } = await import("../lib/crypto/keys.ts");
				const keys = deriveKeyRing(engine.settings.secrets, "throttle");
				Object.assign(engine, { throttle: new Throttle(engine.storage, keys) });
			}
			const answer = await acts[name]!(stage);
			expect(calls).toBe(1);
			expect(answer).toMatchObject({ status: 503, body: { code: "store_unavailable" } });
			expect(JSON.stringify(answer.body)).not.toContain("canary");
			expect(answer.headers.getSetCookie()).toEqual([]);
			const user = (await stage.owner.get("/api/auth")).body.user;
			expect(user).toMatchObject({ email: ada.email });
		},
	);
});

async function set(): Promise<Stage> {
	const auth = openMailAuth();
	const owner = await signedUp(auth);
	await owner.put(`${verifications}/${codeIn(await auth.mail("verify_email"))}`);
	const reader = auth.browser();
	await reader.post("/api/auth/email-codes", { email: ada.email });
	await reader.post("/api/auth/password-resets", { email: ada.email });
	await owner.post(verifications, { email: "ada@new.example" });
	return {
		auth,
		owner,
		reader,
		code: codeIn(await auth.mail("sign_in_code")),
		reset: tokenIn(await auth.mail("password_reset")),
		change: codeIn(await auth.mail("change_email")),
	};
}
