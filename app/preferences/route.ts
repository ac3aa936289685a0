import { isLanguage, isTheme } from "@/messages/languages";

const maxAgeSeconds = 400 * 24 * 60 * 60;

/** Keeps the choice of language and colours, from a plain form, and goes back to where it was made. */
export async function POST(request: Request): Promise<Response> {
	// Another site has no say in how this one looks.
	const origin = request.headers.get("origin");
	if (request.headers.get("sec-fetch-site") !== "same-origin" && !isOwnOrigin(request, origin)) {
		return new Response("This form was sent from another site.", { status: 403 });
	}
	const form = await request.formData().catch(() => null);
	if (form === null) return new Response("This is not a form.", { status: 400 });
	const headers = new Headers({ location: pageOf(request, origin), "cache-control": "no-store" });
	for (const [name, isKnown] of [["language", isLanguage] as const, ["theme", isTheme] as const]) {
		const value = form.get(name);
		if (isKnown(value)) headers.append("set-cookie", choice(request, name, value));
	}
	return new Response(null, { status: 303, headers });
}

function choice(request: Request, name: string, value: string): string {
	const secure = request.headers.get("x-forwarded-proto") === "https" ? "; Secure" : "";
	return `${name}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax${secure}`;
}

function isOwnOrigin(request: Request, origin: string | null): boolean {
	return origin !== null && URL.parse(origin)?.host === request.headers.get("host");
}

/** The page with the form, as the browser names it; absolute, so that no path can be read as another host. */
function pageOf(request: Request, origin: string | null): string {
	const page = URL.parse(request.headers.get("referer") ?? "");
	return page !== null && page.origin === origin ? page.href : "/";
}
