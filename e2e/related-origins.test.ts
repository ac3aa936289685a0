import { createServer, type Server } from "node:https";
import { text } from "node:stream/consumers";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { passkey } from "../packages/latchkey/src/lib/passkeys/passkey.ts";
import { password } from "../packages/latchkey/src/lib/passwords/password.ts";
import { ada, openTestAuth } from "../packages/latchkey/test/harness.ts";
import { chromiumArguments, ensureChromium } from "../scripts/lib/chromium.mjs";
import { selfSigned } from "./self-signed.ts";

const [own, related, stranger] = ["https://example.com", "https://example.co.uk", "https://example.org"] as const;
const hosts = [own, related, stranger].map((origin) => new URL(origin).hostname);

let server: Server;
let browser: Browser;
let answer: (request: Request) => Promise<Response>;

/** One site under three names, which the browser of this file is told to find on this machine. */
beforeAll(async () => {
	server = createServer(selfSigned(hosts), async (incoming, response) => {
		const { method = "GET", url, headers } = incoming;
		const given = Object.entries(headers).filter(([, value]) => typeof value === "string") as [string, string][];
		const body = method === "POST" ? await text(incoming) : null;
		const answered = await answer(new Request(`https://${headers.host}${url}`, { method, headers: given, body }));
		for (const [name, value] of answered.headers) response.appendHeader(name, value);
		response.writeHead(answered.status).end(await answered.text());
	});
	await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
	const { port } = server.address() as { port: number };
	const rules = hosts.map((host) => `MAP ${host}:443 127.0.0.1:${port}`).join(",");
	const args = [...chromiumArguments, "--ignore-certificate-errors", `--host-resolver-rules=${rules}`];
	browser = await chromium.launch({ executablePath: ensureChromium(), args });
});

afterAll(async () => {
	await browser.close();
	server.close();
});

it("makes a passkey on one origin of a site and signs in with it on another, and on no other", async () => {
	const auth = openTestAuth({ url: own, methods: [password(), passkey({ relatedOrigins: [related] })] });
	answer = async (request) => {
		const { pathname } = new URL(request.url);
		if (pathname.startsWith("/.well-known/")) return auth.wellKnown(request);
		if (pathname.startsWith("/api/auth")) return auth.handle(request);
		return new Response("<!doctype html><title>Page</title>", { headers: { "content-type": "text/html" } });
	};
	const page = await browser.newPage({ ignoreHTTPSErrors: true });
	await withAuthenticator(page);
	await page.goto(own);
	expect(await page.evaluate(signUpWithPasskey, ada)).toBe(201);
	await page.goto(related);
	expect(await page.evaluate(signIn)).toBe(200);
	const { session } = await page.evaluate(async () => (await fetch("/api/auth")).json());
	expect(session.level).toBe("aal3");
	await page.goto(stranger);
	expect(await page.evaluate(signIn)).toBe("SecurityError");
});

async function withAuthenticator(page: Page): Promise<void> {
	const cdp = await page.context().newCDPSession(page);
	await cdp.send("WebAuthn.enable", { enableUI: false });
	const person = { hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true };
	const options = { protocol: "ctap2", transport: "internal", hasResidentKey: true, ...person } as const;
	await cdp.send("WebAuthn.addVirtualAuthenticator", { options });
}

/** Registers, then adds a passkey. Answers the status. Runs in the page. */
async function signUpWithPasskey(person: object): Promise<number> {
	const post = (path: string, body: object) =>
		fetch(`/api/auth${path}`, {
			method: "POST",
			headers: { "content-type": "application/json" },
			body: JSON.stringify(body),
		});
	await post("/sign-up", person);
	const { options } = await (await post("/passkeys/challenges", { for: "registration" })).json();
	const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
	const made = (await navigator.credentials.create({ publicKey })) as PublicKeyCredential;
	return (await post("/passkeys", { credential: made.toJSON() })).status;
}

/** Signs in with a passkey. Answers the status, or what the browser said. Runs in the page. */
async function signIn(): Promise<number | string> {
	const post = (path: string, body: object) =>
		fetch(`/api/auth${path}`, {
			method: "POST",
			headers: { "content-type": "application/json" },
			body: JSON.stringify(body),
		});
	const { options } = await (await post("/passkeys/challenges", { for: "sign-in" })).json();
	try {
		const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
		const used = (await navigator.credentials.get({ publicKey })) as PublicKeyCredential;
		return (await post("", { credential: used.toJSON() })).status;
	} catch (error) {
		return (error as Error).name;
	}
}
