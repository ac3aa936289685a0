import { auth } from "@/auth";

/** A route of one's own, guarded: 401 as JSON for whoever is not signed in. */
export const GET = auth.route({}, ({ user, session }) =>
	Response.json({ id: user.id, name: user.name, email: user.email, signedInAt: session.createdAt }),
);
