import { expect, it } from "vitest";
import type { NewToken } from "../storage.ts";
import type { ContractContext } from "./contract-store.ts";
import { minute, sha256 } from "./fixtures.ts";

/** Single-use state. */
export function tokensContract(context: ContractContext): void {
	const tokenHash = sha256("token");
	const token: NewToken = { purpose: "reset", subject: "user-1", tokenHash, lifetimeMs: minute, payload: null };

	it("gives a token out once", async () => {
		const { storage, clock } = context;
		await storage.putToken({ ...token, payload: { email: "ada@example.com" } });
		const createdAt = clock.now;
		clock.now += minute - 1;
		expect(await storage.consumeToken({ purpose: "reset", tokenHash })).toEqual({
			purpose: "reset",
			subject: "user-1",
			payload: { email: "ada@example.com" },
			createdAt,
			expiresAt: createdAt + minute,
		});
		expect(await storage.consumeToken({ purpose: "reset", tokenHash })).toBeNull();
	});

	it("gives an expired token to nobody", async () => {
		const { storage, clock } = context;
		await storage.putToken(token);
		clock.now += minute;
		expect(await storage.consumeToken({ purpose: "reset", tokenHash })).toBeNull();
		clock.now -= minute;
		expect(await storage.consumeToken({ purpose: "reset", tokenHash })).toBeNull();
	});

	it("keeps a token for its purpose only", async () => {
		const { storage } = context;
		await storage.putToken(token);
		expect(await storage.consumeToken({ purpose: "verify", tokenHash })).toBeNull();
		await storage.putToken({ ...token, purpose: "verify", subject: "user-2" });
		expect(await storage.consumeToken({ purpose: "verify", tokenHash })).toMatchObject({ subject: "user-2" });
		expect(await storage.consumeToken({ purpose: "reset", tokenHash })).toMatchObject({ subject: "user-1" });
	});

	it("knows no token by another hash", async () => {
		await context.storage.putToken(token);
		expect(await context.storage.consumeToken({ purpose: "reset", tokenHash: sha256("a guess") })).toBeNull();
		expect(await context.storage.consumeToken({ purpose: "reset", tokenHash: new Uint8Array() })).toBeNull();
	});

	it("brings any JSON back", async () => {
		const { storage } = context;
		for (const payload of [null, true, 0, "", '😀 \u0000 "', [1, [2]], { a: { b: [null] }, ü: "ß" }]) {
			await storage.putToken({ ...token, payload });
			expect((await storage.consumeToken({ purpose: "reset", tokenHash }))?.payload).toEqual(payload);
		}
	});

	it("replaces a token that is put again", async () => {
		const { storage, clock } = context;
		await storage.putToken({ ...token, payload: 1 });
		clock.now += 2 * minute;
		await storage.putToken({ ...token, payload: 2 });
		expect(await storage.consumeToken({ purpose: "reset", tokenHash })).toMatchObject({ payload: 2 });
		expect(await storage.consumeToken({ purpose: "reset", tokenHash })).toBeNull();
	});
}
