import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type Provider from "oidc-provider";
import { randomSecret } from "../crypto/random.ts";
import { AuthError } from "../errors.ts";
import { answerContacts } from "./example-api.ts";
import { choicePage, errorPage, leavePage, leftPage } from "./example-pages.ts";
import { type ExamplePerson, examplePeople } from "./example-people.ts";
import { memoryAdapter } from "./memory-adapter.ts";

interface ExampleServer {
	issuer: string;
	callbackUrl: string;
	client: { id: string; secret: string };
}

// Next.js loads this module several times in one process; there is one port.
const serversKey = Symbol.for("latchkey.example-provider@1");
const shared = globalThis as { [serversKey]?: Map<string, Promise<void>> };

/** Serves the provider on loopback, once for this process. @throws {AuthError} `provider_unavailable`, with the cure */
export function serveExample(options: ExampleServer): Promise<void> {
	shared[serversKey] ??= new Map();
	const servers = shared[serversKey];
	const known = servers.get(options.issuer);
	if (known !== undefined) return known;
	const serving = serve(options);
	servers.set(options.issuer, serving);
	serving.catch(() => servers.delete(options.issuer));
	return serving;
}

async function serve(options: ExampleServer): Promise<void> {
	const provider = await createProvider(options);
	const answer = provider.callback();
	const server = createServer((request, response) => {
		// A name of somebody else's that resolves to this machine is not asked for here.
		if (request.headers.host !== new URL(options.issuer).host) return void response.writeHead(421).end();
		if (request.url === "/contacts") {
			return void answerContacts(provider, request, response).catch(() => response.writeHead(500).end());
		}
		if (!request.url?.startsWith("/choose/")) return void answer(request, response);
		choose(provider, request, response).catch(() => response.writeHead(500).end());
	});
	await listen(server, options.issuer);
	// It ends with the process, and does not keep it.
	server.unref();
}

async function listen(server: Server, issuer: string): Promise<void> {
	try {
		server.listen({ host: "127.0.0.1", port: Number(new URL(issuer).port) });
		await once(server, "listening");
	} catch (cause) {
		// Another process of this very site serves it.
		if (await isServedAlready(issuer)) return;
		const cure = `The example provider cannot listen on ${new URL(issuer).host}; give another: exampleProvider({ port })`;
		throw new AuthError("provider_unavailable", { detail: cure, cause });
	}
}

async function isServedAlready(issuer: string): Promise<boolean> {
	try {
		const signal = AbortSignal.timeout(2000);
		const answer = await fetch(`${issuer}/.well-known/openid-configuration`, { signal, redirect: "error" });
		return ((await answer.json()) as { issuer?: unknown }).issuer === issuer;
	} catch {
		return false;
	}
}

async function loadPackage(): Promise<typeof Provider> {
	try {
		// Left to Node, so that no bundle holds what only development needs.
		return (await import(/* turbopackIgnore: true */ /* webpackIgnore: true */ "oidc-provider")).default;
	} catch (cause) {
		const detail = "The example provider needs a package: npm install --save-dev oidc-provider";
		throw new AuthError("provider_unavailable", { detail, cause });
	}
}

async function createProvider({ issuer, client, callbackUrl }: ExampleServer): Promise<Provider> {
	const OidcProvider = await loadPackage();
	const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
	const provider: Provider = new OidcProvider(issuer, {
		adapter: memoryAdapter(),
		jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), kid: randomSecret(64), alg: "RS256", use: "sig" }] },
		cookies: { keys: [randomSecret(256)], names: { session: "example_session" } },
		clients: [
			{
				client_id: client.id,
				client_secret: client.secret,
				redirect_uris: [callbackUrl],
				grant_types: grantTypes,
				backchannel_logout_uri: callbackUrl.replace(/callback$/, "backchannel-logout"),
				backchannel_logout_session_required: true,
			},
		],
		claims: { email: ["email", "email_verified"], profile: ["name"] },
		features: {
			devInteractions: { enabled: false },
			backchannelLogout: { enabled: true },
			rpInitiatedLogout: {
				enabled: true,
				logoutSource: async (ctx, form) => showPage(ctx, leavePage(form)),
				postLogoutSuccessSource: async (ctx) => showPage(ctx, leftPage()),
			},
		},
		// Without the package's guard against private addresses: all that it calls is the site, which is on loopback.
		fetch: (url, { method, headers, body, redirect, signal } = {}) =>
			fetch(url, { method, headers, body, redirect, signal } as RequestInit),
		interactions: { url: (_, { uid }) => `/choose/${uid}` },
		issueRefreshToken: async () => true,
		ttl: {
			AccessToken: 600,
			AuthorizationCode: 60,
			Grant: 86_400,
			IdToken: 600,
			Interaction: 600,
			RefreshToken: 86_400,
			Session: 86_400,
		},
		findAccount: (_, id) => accountOf(examplePeople.find((person) => person.sub === id)),
		loadExistingGrant: async ({ oidc }) => grantAll(provider, oidc.client?.clientId, oidc.session?.accountId),
		renderError: async (ctx, { error }) => showPage(ctx, errorPage(error)),
	});
	// To any page of the site: which one comes after signing out is the site's to say.
	const { origin } = new URL(callbackUrl);
	provider.Client.prototype.postLogoutRedirectUriAllowed = (uri: string) => URL.parse(uri)?.origin === origin;
	return provider;
}

const grantTypes = ["authorization_code", "refresh_token"];

function accountOf(person: ExamplePerson | undefined) {
	return person && { accountId: person.sub, claims: () => ({ ...person }) };
}

/** Whoever chose a person has agreed to all that the site asks for. */
async function grantAll(provider: Provider, clientId: string | undefined, accountId: string | undefined) {
	if (clientId === undefined || accountId === undefined) return undefined;
	const grant = new provider.Grant({ clientId, accountId });
	grant.addOIDCScope("openid email profile offline_access");
	await grant.save();
	return grant;
}

/** Shows the people, and goes on as the one that was chosen. */
async function choose(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
	const { prompt } = await provider.interactionDetails(request, response);
	if (request.method !== "POST" && prompt.name === "login") return sendPage(response, choicePage(examplePeople));
	const chosen = new URLSearchParams(request.method === "POST" ? await readText(request) : "").get("person");
	const person = examplePeople.find(({ sub }) => sub === chosen);
	const result =
		prompt.name === "consent"
			? { consent: {} }
			: person === undefined
				? { error: "access_denied", error_description: "Nobody was chosen" }
				: { login: { accountId: person.sub } };
	await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: prompt.name === "consent" });
}

const pageHeaders = {
	"content-type": "text/html; charset=utf-8",
	"cache-control": "no-store",
	"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
};

function sendPage(response: ServerResponse, html: string): void {
	response.writeHead(200, pageHeaders).end(html);
}

/** The same where the provider's own framework answers. */
function showPage(ctx: { set(headers: Record<string, string>): void; body: unknown }, html: string): void {
	ctx.set(pageHeaders);
	ctx.body = html;
}

async function readText(request: IncomingMessage): Promise<string> {
	let text = "";
	for await (const chunk of request) {
		text += String(chunk);
		if (text.length > 1000) throw new RangeError("too long");
	}
	return text;
}
