import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { createPool } from "./pool.ts";

/** A message of the server (https://www.postgresql.org/docs/18/protocol-message-formats.html). */
function message(type: string, body: Buffer): Buffer {
	const head = Buffer.alloc(5);
	head.write(type);
	head.writeInt32BE(body.length + 4, 1);
	return Buffer.concat([head, body]);
}

const authenticated = message("R", Buffer.alloc(4));
const ready = message("Z", Buffer.from("I"));
const gone = message("E", Buffer.from("SFATAL\0C57P01\0Mterminating connection due to unexpected postmaster exit\0\0"));

it("[A39] does not end the process when a server dies in the moment at which it is ready", async () => {
	const uncaught: unknown[] = [];
	const note = (error: unknown) => uncaught.push(error);
	process.on("uncaughtException", note);
	onTestFinished(() => void process.off("uncaughtException", note));
	const server = createServer((socket) => {
		socket.on("error", () => {});
		socket.once("data", () => socket.end(Buffer.concat([authenticated, ready, gone])));
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	onTestFinished(() => void server.close());
	const { port } = server.address() as AddressInfo;
	const pool = await createPool({
		connectionString: `postgres://ada:x@127.0.0.1:${port}/x`,
		max: 1,
		connectTimeoutMs: 5000,
		statementTimeoutMs: null,
	});
	const client = await pool.connect();
	await expect(client.query({ text: "SELECT 1" })).rejects.toThrow();
	client.release(true);
	expect(uncaught).toEqual([]);
});
