import { auth } from "@/auth";

/** A handler whose author took it for public. */
export const GET = auth.route({}, async ({ user }) => {
	const headers = { "cache-control": "public, s-maxage=600" };
	return Response.json({ secret: `the-secret-of ${user.email}` }, { headers });
});
