import type { IncomingMessage, ServerResponse } from "node:http";
import type Provider from "oidc-provider";
import { examplePeople } from "./example-people.ts";

/**
 * The one resource of the example provider's API: whom a person knows, for whoever brings an access token of theirs
 * (RFC 6750). So calling a provider's API can be seen offline too.
 */
export async function answerContacts(
	provider: Provider,
	{ method, headers }: IncomingMessage,
	response: ServerResponse,
): Promise<void> {
	if (method !== "GET") return void response.writeHead(405, { allow: "GET" }).end();
	const [, value = ""] = /^Bearer ([\w.~+/-]+=*)$/i.exec(headers.authorization ?? "") ?? [];
	const token = value === "" ? undefined : await provider.AccessToken.find(value);
	if (token === undefined || token.isExpired) {
		return void response.writeHead(401, { "www-authenticate": 'Bearer error="invalid_token"' }).end();
	}
	const contacts = examplePeople
		.filter(({ sub }) => sub !== token.accountId)
		.map(({ name, email = null }) => ({ name, email }));
	const json = { "content-type": "application/json; charset=utf-8", "cache-control": "no-store" };
	response.writeHead(200, json).end(JSON.stringify({ contacts }));
}
