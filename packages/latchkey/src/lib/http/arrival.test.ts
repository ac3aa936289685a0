import { createServer, request as httpRequest, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { installArrivalStamp, readArrival, stampOf } from "./arrival.ts";

const stamp = "x-latchkey-arrival";
const unknown = { kind: "fetch", peer: null, agoMs: 0, url: null };

let server: Server;
let received: Headers[];

beforeEach(async () => {
	received = [];
	server = createServer((request, response) => {
		received.push(new Headers(Object.entries(request.headers) as [string, string][]));
		response.end();
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});

afterEach(async () => {
	server.closeAllConnections();
	await new Promise((resolve) => server.close(resolve));
});

function port(): number {
	return (server.address() as AddressInfo).port;
}

/** What the server got of one request. */
async function send(headers: Record<string, string> = {}, path = "/"): Promise<Headers> {
	await new Promise((resolve, reject) => {
		const request = httpRequest({ port: port(), host: "127.0.0.1", path, headers }, (response) => {
			response.resume().on("end", resolve);
		});
		request.on("error", reject).end();
	});
	return received.at(-1)!;
}

describe("the arrival stamp", () => {
	// In this order: once installed it stays for the life of the process.
	it("is not believed from a client while it is not installed [A15]", async () => {
		const headers = await send({ [stamp]: "document;1.5;198.51.100.7;/" });
		expect(headers.get(stamp)).toContain("198.51.100.7");
		expect(readArrival(headers)).toEqual(unknown);
	});

	it("takes the place of one that a client sends [A15]", async () => {
		installArrivalStamp();
		installArrivalStamp();
		for (const name of [stamp, stamp.toUpperCase()]) {
			const arrival = readArrival(await send({ [name]: `prefetch;0;198.51.100.7;/evil` }, "/page?a=1"));
			expect(arrival).toMatchObject({ kind: "fetch", peer: "127.0.0.1", url: "/page?a=1" });
			expect(arrival.agoMs).toBeLessThan(10_000);
		}
	});

	it("takes the place of several that a client sends in a row [A15]", async () => {
		const socket = connect(port(), "127.0.0.1");
		const answered = new Promise((resolve) => socket.once("data", resolve));
		const lines = [`${stamp}: document;0;198.51.100.7;/`, `${stamp}: document;0;198.51.100.8;/`];
		socket.write(`GET / HTTP/1.1\r\nHost: localhost\r\n${lines.join("\r\n")}\r\n\r\n`);
		await answered;
		socket.destroy();
		expect(readArrival(received[0]!)).toMatchObject({ peer: "127.0.0.1" });
		expect(received[0]!.get(stamp)).not.toContain("198.51.100");
	});

	it("does not let a path pass for a part of itself [A15]", async () => {
		const arrival = readArrival(await send({}, "/a;0;198.51.100.7;/b?x=;y"));
		expect(arrival).toMatchObject({ peer: "127.0.0.1", url: "/a;0;198.51.100.7;/b?x=;y" });
	});

	it("tells how long ago the headers came, on the monotonic clock", async () => {
		const headers = await send();
		const arrivedAt = Number(headers.get(stamp)!.split(";")[2]);
		const monotonic = vi.spyOn(performance, "now").mockReturnValue(arrivedAt + 90_000);
		expect(readArrival(headers).agoMs).toBe(90_000);
		monotonic.mockReturnValue(arrivedAt - 1);
		expect(readArrival(headers).agoMs).toBe(0);
		monotonic.mockRestore();
	});

	it.each([";;;", "x", "document;soon;127.0.0.1;/", "document;-1;127.0.0.1;/", "person;1;127.0.0.1;/", "document;1"])(
		"takes %j for no stamp",
		(text) => {
			const [mark] = stampOf({ kind: "fetch", peer: null, agoMs: 0, url: null })[stamp]!.split(";");
			expect(readArrival(new Headers({ [stamp]: `${mark};${text}` }))).toEqual(unknown);
		},
	);

	it.each(["", "document;0;198.51.100.7;/", ";document;0;198.51.100.7;/", "undefined;document;0;198.51.100.7;/"])(
		"does not believe %j, which a server that it does not reach let through [A15]",
		(text) => {
			expect(readArrival(new Headers(text === "" ? {} : { [stamp]: text }))).toEqual(unknown);
		},
	);

	it.each<[string, Record<string, string>]>([
		["document", { "sec-fetch-dest": "document" }],
		["document", { accept: "text/html,*/*" }],
		["fetch", { accept: "text/html,*/*", "sec-fetch-dest": "empty" }],
		["fetch", { accept: "application/json" }],
		["fetch", {}],
		["navigation", { rsc: "1" }],
		["action", { "next-action": "abc", accept: "text/x-component" }],
		["prefetch", { rsc: "1", "next-router-prefetch": "1" }],
		["prefetch", { "sec-purpose": "prefetch;prerender", "sec-fetch-dest": "document" }],
		["prefetch", { purpose: "prefetch", accept: "text/html" }],
	])("knows a %s by %o", async (kind, headers) => {
		expect(readArrival(await send(headers)).kind).toBe(kind);
	});
});
