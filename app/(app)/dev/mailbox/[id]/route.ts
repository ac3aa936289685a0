import { connection } from "next/server";
import { auth } from "@/auth";

/** One message of the local mailbox as a mail client would show it. */
export async function GET(_request: Request, { params }: RouteContext<"/dev/mailbox/[id]">): Promise<Response> {
	await connection();
	const { id } = await params;
	const mail = (await auth.mailbox())?.find((each) => each.id === id);
	if (mail === undefined) return new Response("There is no such message.", { status: 404 });
	return new Response(mail.html, {
		headers: {
			"content-type": "text/html; charset=utf-8",
			"cache-control": "no-store",
			"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
		},
	});
}
