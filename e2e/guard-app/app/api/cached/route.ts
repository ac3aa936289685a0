import { auth } from "@/auth";

/** A handler whose author took it for public. */
export const GET = auth.route({}, async ({ user, request }) => {
	const headers = { "cache-control": new URL(request.url).searchParams.get("wish") ?? "" };
	return Response.json({ secret: `the-secret-of ${user.email}` }, { headers });
});
