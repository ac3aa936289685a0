import * as z from "zod";
import { type Route, route } from "../http/route.ts";
import { followMailLink } from "./open-mail-link.ts";

/**
 * Where every link of a message leads. It uses nothing up and signs nobody in, however often a scanner follows it: it only
 * takes the token out of the address, into a cookie, and goes on to the page with the button.
 */
const mailLink = route({
	method: "GET",
	path: "/mail-links/{token}",
	summary: "Go on to the page that a mailed link is for. Changes nothing.",
	access: "public",
	responses: { 303: z.undefined() },
	async handle({ engine, params }) {
		const { location, cookie } = followMailLink(engine, params.token!);
		return {
			status: 303,
			body: undefined,
			...(cookie && { cookie }),
			headers: { location, "referrer-policy": "no-referrer" },
		};
	},
});

export const mailRoutes: readonly Route[] = [mailLink];
