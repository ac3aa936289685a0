import { auth } from "@/auth";

export async function GET() {
	const session = await auth();
	return session === null ? new Response("nobody", { status: 401 }) : new Response("somebody");
}
