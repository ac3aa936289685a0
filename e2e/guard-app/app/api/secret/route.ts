import * as z from "zod";
import { auth } from "@/auth";
import { countCall } from "@/calls";

export const GET = auth.route({}, async ({ user }) => {
	countCall("route");
	return Response.json({ secret: `the-secret-of ${user.email}` });
});

export const POST = auth.route({ input: z.object({ word: z.string() }) }, async ({ input }) => {
	countCall("route");
	return Response.json({ said: input.word });
});
