import type { NextRequest } from "next/server";
import { standalonePage } from "../standalone-page";

/** For addresses that nothing else answers to. A page of React's could say 404 only to those who have scripts. */
function missing(request: NextRequest): Response {
	return standalonePage(request, {
		status: 404,
		title: ({ notFound }) => notFound.title,
		body: ({ notFound }) => `<p>${notFound.text}</p>
<a href="/">${notFound.link}</a>`,
	});
}

export { missing as DELETE, missing as GET, missing as PATCH, missing as POST, missing as PUT };
