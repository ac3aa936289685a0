import { NextRequest } from "next/server.js";
import { describe, expect, it } from "vitest";
import { AuthError, misconfigured } from "../errors.ts";
import type { LogEntry } from "../log.ts";
import { guardProxy } from "./proxy.ts";

/** The proxy of a server whose engine cannot be opened, asked for a path. */
async function ask(path: string, error: AuthError): Promise<{ answer: Response; logged: LogEntry[] }> {
	const logged: LogEntry[] = [];
	const auth = { engine: () => Promise.reject(error), logger: (entry: LogEntry) => logged.push(entry) };
	const proxy = guardProxy(auth, { public: ["/", "/sign-in"], nonce: ["/sign-in"] });
	return { answer: await proxy(new NextRequest(`http://localhost:3000${path}`)), logged };
}

const passes = (answer: Response) => answer.headers.get("x-middleware-next") === "1";

describe("the proxy of an engine that cannot be opened [A39]", () => {
	it.each(["/dashboard", "/account/data", "/api/auth", "/api/me", "/.well-known/x"])(
		"turns everybody away from %s while the store is out of reach, and says so in the log",
		async (path) => {
			const { answer, logged } = await ask(path, new AuthError("store_unavailable", { retryAfterSeconds: 5 }));
			expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "5"]);
			expect(passes(answer)).toBe(false);
			expect(logged).toMatchObject([{ level: "error", event: "store_unavailable" }]);
		},
	);

	it("lets people see the pages that are everybody's, with the policy that they have", async () => {
		const { answer } = await ask("/sign-in", new AuthError("store_unavailable"));
		expect(passes(answer)).toBe(true);
		expect(answer.headers.get("content-security-policy")).toContain("'nonce-");
	});

	it("answers nobody when it is set up wrongly, and keeps the reason to its operator", async () => {
		for (const path of ["/", "/dashboard"]) {
			const { answer, logged } = await ask(path, misconfigured("AUTH_SECRET is not set"));
			expect(answer.status).toBe(500);
			expect(passes(answer)).toBe(false);
			expect(await answer.text()).not.toContain("AUTH_SECRET");
			expect(JSON.stringify(logged)).toContain("AUTH_SECRET is not set");
		}
	});
});
