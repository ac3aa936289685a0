/** Where the application listens, decided and checked before anything slow happens. */
import { createServer } from "node:net";
import { Stop } from "./main.mjs";

/** `PORT`, or 3000. */
export function readPort(env = process.env) {
	const text = env.PORT || "3000";
	if (/^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= 65535) return Number(text);
	throw new Stop(`PORT must be a number from 1 to 65535, not "${text}"`);
}

/** Stops with the cure when the port is taken. `command` is what the person typed, such as `npm start`. */
export async function requireFreePort(port, command) {
	// All of them: a browser asked for localhost tries ::1 first, and would meet whoever listens there.
	for (const host of ["127.0.0.1", "::1", "0.0.0.0", "::"]) {
		const code = await tryToListen(port, host);
		if (code === "EADDRINUSE") {
			const other = port === 3000 ? 3001 : port < 65535 ? port + 1 : 3000;
			throw new Stop(`Port ${port} is taken. Choose another one: PORT=${other} ${command}`);
		}
		if (code === "EACCES") {
			throw new Stop(`Port ${port} may not be used without privileges. Choose another one: PORT=3000 ${command}`);
		}
	}
}

/** A port that nobody listens on at this moment. */
export function findPort() {
	return new Promise((resolve, reject) => {
		const server = createServer();
		server.once("error", reject);
		server.listen(0, "127.0.0.1", () => {
			const { port } = server.address();
			server.close(() => resolve(port));
		});
	});
}

/** Answers the error's code, or `null` when it worked. Machines without IPv6 answer neither of the two that matter. */
function tryToListen(port, host) {
	return new Promise((resolve) => {
		const server = createServer();
		server.once("error", (error) => resolve(error.code));
		server.listen({ port, host, exclusive: true, ipv6Only: host === "::" }, () => server.close(() => resolve(null)));
	});
}
