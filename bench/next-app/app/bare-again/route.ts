import { cookies } from "next/headers";

export async function GET() {
	const cookie = (await cookies()).get("session");
	return cookie === undefined ? new Response("nobody", { status: 401 }) : new Response("somebody");
}
