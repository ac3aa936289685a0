import { cookies } from "next/headers";

/** What somebody writes who only passes a call on: no session is read, nothing checked, no token made. */
export async function GET() {
	if ((await cookies()).get("session") === undefined) return new Response("nobody", { status: 401 });
	const { status, headers, body } = await fetch(`${process.env.BENCH_UPSTREAM}/small`, { cache: "no-store" });
	return new Response(body, { status, headers: { "content-type": headers.get("content-type") ?? "" } });
}
