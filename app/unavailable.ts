import type { NextRequest } from "next/server";
import { standalonePage } from "./standalone-page";

/** What proxy.ts shows while the store is out of reach and nothing else can be drawn. */
export function unavailablePage(request: NextRequest, retryAfterSeconds: string): Response {
	return standalonePage(request, {
		status: 503,
		title: ({ failure }) => failure.title,
		body: ({ failure }) => `<p>${failure.text}</p>
<form><button type="submit">${failure.retry}</button></form>`,
		headers: { "retry-after": retryAfterSeconds },
	});
}
