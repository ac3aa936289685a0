import * as z from "zod";
import { refusal } from "../http/responses.ts";
import { type Route, route } from "../http/route.ts";
import { messageSchema } from "../http/schemas.ts";
import { followMailLink } from "./open-mail-link.ts";
import { undoByLink } from "./undo-by-link.ts";

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

const undo = route({
	method: "PUT",
	path: "/undoings/{token}",
	summary:
		"Take back what a message told of, by its link's token: a change of address (every session and the password end) or the deletion of the account. Signs nobody in.",
	access: "public",
	responses: { 200: messageSchema },
	errors: ["expired_link", "identifier_taken"],
	async handle({ engine, visitor, params }) {
		const undone = await undoByLink(engine, visitor, params.token!);
		if (!undone.ok) throw refusal(undone);
		const message = undone.what === "deletion" ? "The account stays" : "Your address is the one it was";
		return { status: 200, body: { message } };
	},
});

export const mailRoutes: readonly Route[] = [mailLink, undo];
