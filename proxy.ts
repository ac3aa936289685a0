import type { NextRequest } from "next/server";
import { unavailablePage } from "./app/unavailable";
import { auth } from "./auth";

/** Where people come by a link or a code in a message. */
const byMail = ["/forgot-password", "/reset-password", "/sign-in/code", "/verify-email", "/mail-link"];

const guard = auth.proxy({
	public: [
		"/",
		"/icon.svg",
		"/sign-in/*",
		"/sign-up/*",
		"/fetch",
		"/preferences",
		"/goodbye",
		...byMail,
		"/dev/mailbox/*",
	],
	nonce: [
		"/sign-in/*",
		"/sign-up/*",
		"/reauthenticate/*",
		"/dashboard",
		"/fetch",
		"/contacts",
		"/account/*",
		"/goodbye",
		...byMail,
		"/dev/mailbox",
	],
});

export async function proxy(request: NextRequest): Promise<Response> {
	const answer = await guard(request);
	const { pathname } = request.nextUrl;
	const isMailbox = /^\/dev\/mailbox(?:\/|$)/.test(pathname);
	const isMissing =
		(isMailbox && answer.ok && !(await auth.hasMailbox())) ||
		(pathname === "/contacts" && answer.ok && !(await hasExample()));
	if (isMissing) return new Response("Not found", { status: 404 });
	const wantsPage = request.headers.get("accept")?.includes("text/html");
	return answer.status === 503 && wantsPage
		? unavailablePage(request, answer.headers.get("retry-after") ?? "10")
		: answer;
}

async function hasExample(): Promise<boolean> {
	return (await auth.providers()).some(({ id }) => id === "example");
}

// Not /api/bff, which guards itself: Next.js keeps the body of a request that passes here in memory, and cuts it at 10 MB.
export const config = { matcher: ["/((?!api/bff/|_next/static|_next/image|favicon.ico).*)"] };
