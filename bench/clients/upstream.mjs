/** An API that answers at once: a small answer, a large one, and how much of an upload came. Its job is to say its port. */
import { createServer } from "node:http";
import { serve } from "../lib/workshop.mjs";

const small = JSON.stringify({ notes: Array.from({ length: 20 }, (_, id) => ({ id, text: "a note of a few words" })) });
const large = Buffer.alloc(16 * 1024 * 1024, "x");

const server = createServer(async (request, response) => {
	if (request.method === "POST") {
		let bytes = 0;
		for await (const chunk of request) bytes += chunk.length;
		return response.end(String(bytes));
	}
	const body = request.url === "/large" ? large : small;
	response.writeHead(200, { "content-type": "application/json", "content-length": body.length }).end(body);
});

serve(async () => {
	await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
	return server.address().port;
});
