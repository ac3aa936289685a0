import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Spreads requests over instances in turn, as the plainest load balancer does. */
export interface Balancer {
	readonly origin: string;
	/** Who gets requests; may change at any time. */
	targets: string[];
	/** Whether a request whose instance takes no connection goes to the next one. Default: it does. */
	passesOver: boolean;
	/** How many requests this instance has and has not answered yet. */
	inFlight(target: string): number;
	close(): Promise<void>;
}

export async function startBalancer(): Promise<Balancer> {
	let turn = 0;
	const inFlight = new Map<string, number>();
	const count = (target: string, change: 1 | -1) => inFlight.set(target, (inFlight.get(target) ?? 0) + change);
	const server = createServer(async (request, response) => {
		const body = await readAll(request);
		// Whoever does not take the connection is passed over; what was sent and lost is the client's to know.
		for (let attempt = 0; attempt < balancer.targets.length; attempt++) {
			const target = balancer.targets[turn++ % balancer.targets.length]!;
			count(target, 1);
			const isTaken = await forward(target, request, body, response);
			count(target, -1);
			if (isTaken) return;
			if (!balancer.passesOver) break;
		}
		response.writeHead(502).end();
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const balancer: Balancer = {
		origin: `http://localhost:${(server.address() as AddressInfo).port}`,
		targets: [],
		passesOver: true,
		inFlight: (target) => inFlight.get(target) ?? 0,
		async close() {
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		},
	};
	return balancer;
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
	const chunks: Buffer[] = [];
	for await (const chunk of request) chunks.push(chunk as Buffer);
	return Buffer.concat(chunks);
}

/** False when the target did not take the connection. */
function forward(target: string, from: IncomingMessage, body: Buffer, to: ServerResponse): Promise<boolean> {
	return new Promise((resolve) => {
		const { method, url, headers } = from;
		const upstream = httpRequest(new URL(url ?? "/", target), { method, headers, agent: false }, (answer) => {
			to.writeHead(answer.statusCode ?? 502, answer.headers);
			answer.on("error", () => to.destroy());
			answer.pipe(to).on("close", () => resolve(true));
		});
		upstream.on("error", (error: NodeJS.ErrnoException) => {
			if (error.code === "ECONNREFUSED") return resolve(false);
			if (!to.headersSent) to.writeHead(502);
			to.end();
			resolve(true);
		});
		upstream.end(body);
	});
}
