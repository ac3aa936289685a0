import { NextRequest } from "next/server.js";
import { afterEach, describe, expect, it, vi } from "vitest";
import { withNonce } from "./content-security-policy.ts";

afterEach(() => vi.unstubAllEnvs());

function policy(): string {
	return withNonce(new NextRequest("http://localhost:3000/sign-in")).headers.get("content-security-policy")!;
}

describe("the policy of a page with a nonce [ASVS 3.4.3]", () => {
	it.each(["production", "test", ""])("lets no script be made of text (NODE_ENV %j)", (environment) => {
		vi.stubEnv("NODE_ENV", environment);
		expect(policy()).toMatch(/script-src 'self' 'nonce-[\w+/]{22}==' 'strict-dynamic';/);
		expect(policy()).not.toContain("unsafe-eval");
	});

	it("lets React do so in development, where it says on every page that it must", () => {
		vi.stubEnv("NODE_ENV", "development");
		expect(policy()).toMatch(/script-src 'self' 'nonce-[\w+/]{22}==' 'strict-dynamic' 'unsafe-eval';/);
	});

	it("has another nonce for every answer", () => {
		expect(new Set(Array.from({ length: 100 }, policy)).size).toBe(100);
	});
});
