import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { callByHand } from "./fixtures/call-by-hand.ts";
import { rawUpstream } from "./fixtures/raw-upstream.ts";

const servers: Server[] = [];

afterEach(() => {
	for (const server of servers.splice(0)) {
		server.closeAllConnections();
		server.close();
	}
});

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
	const server = createServer(answer).listen(0, "127.0.0.1");
	servers.push(server);
	await once(server, "listening");
	return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Until it stands still for a while, and what it stands at. */
async function standstill(count: () => number): Promise<number> {
	for (let before = -1; before !== count(); ) {
		before = count();
		await new Promise((resolve) => setTimeout(resolve, 300));
	}
	return count();
}

const run = promisify(execFile);
const endlessUpload = fileURLToPath(new URL("fixtures/endless-upload.ts", import.meta.url));

describe("an upload", () => {
	// `fetch` in Node.js reads on for ever in microtasks here, and nothing else in the process runs any more.
	it.each([
		["aborted", "upstream_unavailable"],
		["reset", "upstream_unavailable"],
		["silent", "upstream_timeout"],
	])("[A38] that never ends takes no more once it is %s, in little memory", async (ends, code) => {
		const flags = ["--experimental-strip-types", "--no-warnings", "--max-old-space-size=64"];
		const { stdout } = await run(process.execPath, [...flags, endlessUpload, ends], { timeout: 20_000 });
		const came = JSON.parse(stdout) as Record<string, number>;
		expect(came.code).toBe(code);
		expect(came.pulledAfter).toBeLessThan(10);
		expect(came.mebibytes).toBeLessThan(256);
	});

	it("[A38] is taken no faster than the upstream reads", async () => {
		const url = await serve((request) => void request.pause());
		let pulled = 0;
		const body = new ReadableStream<Uint8Array>({
			pull(controller) {
				pulled += 1;
				if (pulled > 1024) controller.close();
				else controller.enqueue(new Uint8Array(65_536));
			},
		});
		const gone = new AbortController();
		const init = { method: "POST", body, duplex: "half", signal: gone.signal } as const;
		const answered = callByHand(url, init, { maxRequestBytes: 100 * 1024 * 1024 });
		answered.catch(() => {});
		expect(await standstill(() => pulled)).toBeLessThan(1024);
		gone.abort();
		await expect(answered).rejects.toMatchObject({ code: "upstream_unavailable" });
	});

	it("may take longer than the upstream may, as long as it goes on", async () => {
		const url = await serve(async (request, response) => {
			let bytes = 0;
			for await (const chunk of request) bytes += chunk.length;
			response.end(String(bytes));
		});
		const body = new ReadableStream<Uint8Array>({
			async pull(controller) {
				await new Promise((resolve) => setTimeout(resolve, 100));
				if (++sent > 20) controller.close();
				else controller.enqueue(new Uint8Array(10));
			},
		});
		let sent = 0;
		const response = await callByHand(url, { method: "POST", body, duplex: "half" }, { timeoutMs: 1500 });
		expect(await response.text()).toBe("200");
	});

	it.each([
		["shorter", "100000", 70_000],
		["longer", "70000", 100_000],
		["shorter, and small", "10", 5],
		["longer, and small", "5", 10],
		["of no length", "0x10", 16],
	])("is no request of its own behind another where it is %s than it says", async (_, length, bytes) => {
		const whole: string[] = [];
		const url = await serve(async (request, response) => {
			let body = "";
			try {
				for await (const chunk of request) body += chunk;
				whole.push(body);
			} catch {
				// Broken off, as it should be.
			}
			response.end();
		});
		const headers = { "content-length": length };
		const body = new Blob(["x".repeat(bytes)]).stream();
		await expect(callByHand(url, { method: "POST", headers, body, duplex: "half" })).rejects.toHaveProperty("code");
		expect(whole).toEqual([]);
	});

	it.each(["POST", "PUT", "PATCH", "DELETE"])(
		"is no request of its own behind another where it says no length: %s",
		async (method) => {
			const requests: string[] = [];
			const url = await serve(async (request, response) => {
				let body = "";
				for await (const chunk of request) body += chunk;
				requests.push(`${request.method} ${request.url} ${body}`);
				response.end("ok");
			});
			const smuggled = "GET /admin HTTP/1.1\r\nhost: localhost\r\n\r\n";
			const body = new Blob([smuggled]).stream();
			await (await callByHand(url, { method, body, duplex: "half" })).text();
			// The next one on the same connection is answered with its own answer.
			await (await callByHand(url)).text();
			expect(requests).toEqual([`${method} / ${smuggled}`, "GET / "]);
		},
	);

	it("says its length where the browser did, and its encoding", async () => {
		let seen: IncomingMessage["headers"] = {};
		const url = await serve((request, response) => {
			seen = request.headers;
			request.resume().on("end", () => response.end());
		});
		for (const size of [10, 100_000]) {
			const headers = { "content-length": String(size), "content-encoding": "gzip", expect: "100-continue" };
			await callByHand(url, { method: "PUT", headers, body: "x".repeat(size) });
			expect(seen).toMatchObject({ "content-length": String(size), "content-encoding": "gzip" });
			expect(seen).not.toHaveProperty("transfer-encoding");
			expect(seen).not.toHaveProperty("expect");
		}
	});
});

describe("an answer", () => {
	it("[A38] is read no faster than the browser takes it, and no more once it has gone", async () => {
		let written = 0;
		const closed = Promise.withResolvers<void>();
		const url = await serve((_, response) => {
			response.on("close", () => closed.resolve());
			const more = () => {
				written += 1;
				if (response.write(new Uint8Array(65_536))) setImmediate(more);
				else response.once("drain", more);
			};
			more();
		});
		const { body } = await callByHand(url);
		const atRest = await standstill(() => written);
		expect(atRest).toBeLessThan(1024);
		const reader = body!.getReader();
		for (let bytes = 0; bytes < 64 * 1024 * 1024; ) bytes += (await reader.read()).value!.byteLength;
		expect(await standstill(() => written)).toBeGreaterThan(atRest);
		await reader.cancel();
		await closed.promise;
	});

	it("keeps its bytes, its encoding and its length together", async () => {
		const packed = gzipSync("hello ".repeat(1000));
		const asked: (string | undefined)[] = [];
		const url = await serve(({ headers }, response) => {
			asked.push(headers["accept-encoding"]);
			response.writeHead(200, { "content-encoding": "gzip", "content-length": packed.length, etag: '"packed"' });
			response.end(packed);
		});
		const response = await callByHand(url, { headers: { "accept-encoding": "gzip, br" } });
		expect(Object.fromEntries(response.headers)).toMatchObject({
			"content-encoding": "gzip",
			"content-length": String(packed.length),
			etag: '"packed"',
		});
		const bytes = new Uint8Array(await response.arrayBuffer());
		expect(gunzipSync(bytes).toString()).toBe("hello ".repeat(1000));
		// Who does not say what they can decode gets nothing to decode.
		await (await callByHand(url)).arrayBuffer();
		expect(asked).toEqual(["gzip, br", "identity"]);
	});

	it.each(["text/x-component", "Text/X-Component; charset=utf-8"])(
		"is nothing that the router of Next.js would draw as a page of this site: %s",
		async (type) => {
			const url = await serve((_, response) => void response.writeHead(200, { "content-type": type }).end("1:I[]"));
			const response = await callByHand(url);
			expect(response.headers.get("content-type")).toBe("application/octet-stream");
			expect(await response.text()).toBe("1:I[]");
		},
	);

	it("is a range, nothing new, or a head alone, as it was asked for", async () => {
		const url = await serve(({ headers, method }, response) => {
			if (headers["if-none-match"] === '"1"') return void response.writeHead(304, { etag: '"1"' }).end();
			if (headers.range === "bytes=1-2") {
				return void response.writeHead(206, { "content-range": "bytes 1-2/4", "content-length": 2 }).end("bc");
			}
			response.writeHead(200, { "content-length": 4, "accept-ranges": "bytes" }).end(method === "HEAD" ? "" : "abcd");
		});
		const part = await callByHand(url, { headers: { range: "bytes=1-2" } });
		expect([part.status, part.headers.get("content-range"), await part.text()]).toEqual([206, "bytes 1-2/4", "bc"]);
		const same = await callByHand(url, { headers: { "if-none-match": '"1"' } });
		expect([same.status, same.headers.get("etag"), same.body]).toEqual([304, '"1"', null]);
		const head = await callByHand(url, { method: "HEAD" });
		expect([head.status, head.headers.get("content-length"), head.body]).toEqual([200, "4", null]);
		const none = await callByHand(
			await serve((_, response) => void response.writeHead(204, { "content-type": "text/plain" }).end()),
		);
		expect([none.status, none.body]).toEqual([204, null]);
	});

	it("is taken without its trailers, and after what came before it", async () => {
		const { url } = await rawUpstream((socket) => {
			socket.write("HTTP/1.1 103 Early Hints\r\nlink: </a.css>; rel=preload\r\nset-cookie: early=1\r\n\r\n");
			socket.write("HTTP/1.1 102 Processing\r\n\r\n");
			socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: set-cookie\r\n\r\n");
			socket.write("5\r\nhello\r\n0\r\nset-cookie: late=1\r\nx-late: 1\r\n\r\n");
		});
		const response = await callByHand(url);
		expect([response.status, await response.text()]).toEqual([200, "hello"]);
		expect(JSON.stringify([...response.headers])).not.toMatch(/early|late|trailer|transfer-encoding|preload/);
	});

	it.each([
		["switches protocols", "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n"],
		["has no such status", "HTTP/1.1 999 Beyond\r\ncontent-length: 0\r\n\r\n"],
		["has huge headers", `HTTP/1.1 200 OK\r\nx-huge: ${"x".repeat(64 * 1024)}\r\n\r\n`],
		["has many headers", `HTTP/1.1 200 OK\r\n${"x-one: 1\r\n".repeat(20_000)}\r\n`],
		["is of two lengths", "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"],
		["is not HTTP", "220 mail.example ESMTP\r\n"],
		["moves elsewhere", "HTTP/1.1 307 There\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n"],
		["offers choices", "HTTP/1.1 300 Which\r\nlocation: http://127.0.0.1/\r\ncontent-length: 0\r\n\r\n"],
	])("is not passed on where it %s", async (_, text) => {
		const { url, sockets } = await rawUpstream((socket) => socket.write(text));
		await expect(callByHand(url)).rejects.toMatchObject({ code: "upstream_unavailable" });
		expect(sockets).toHaveLength(1);
	});

	it.each([
		["after its length", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"],
		["between chunks", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n"],
	])("fails where it is broken off %s: half of it is never taken for all", async (_, text) => {
		const { url } = await rawUpstream((socket) => socket.end(text));
		await expect((await callByHand(url)).text()).rejects.toThrow();
	});

	it("[A38] fails where what follows its head at once is no HTTP", async () => {
		const { url } = await rawUpstream((socket) => {
			socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\nhalf\r\n");
		});
		const answered = callByHand(url).then((response) => response.text());
		await expect(answered).rejects.toThrow();
	});

	it("fails at once where the upstream resets or closes the connection", async () => {
		const reset = await rawUpstream((socket) => void socket.resetAndDestroy());
		await expect(callByHand(reset.url)).rejects.toMatchObject({ code: "upstream_unavailable" });
		const closed = await rawUpstream((socket) => void socket.end());
		await expect(callByHand(closed.url)).rejects.toMatchObject({ code: "upstream_unavailable" });
		expect([reset.sockets.length, closed.sockets.length]).toEqual([1, 1]);
	});

	it("[A38] is not waited for longer than it may take, headers that never end included", async () => {
		const { url } = await rawUpstream((socket) => void socket.write("HTTP/1.1 200 OK\r\nx-slow: "));
		await expect(callByHand(url, {}, { timeoutMs: 100 })).rejects.toMatchObject({ code: "upstream_timeout" });
	});
});

describe("a connection that was kept", () => {
	/** Answers the first request of each connection, and closes it when a second comes. */
	async function forgetful() {
		const requests: number[] = [];
		const upstream = await rawUpstream((socket, connection) => {
			requests[connection] = (requests[connection] ?? 0) + 1;
			if (requests[connection] > 1) return void socket.resetAndDestroy();
			socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
		});
		return { ...upstream, requests };
	}

	it("and is closed over there is tried once more, where that is safe", async () => {
		const { url, requests } = await forgetful();
		await (await callByHand(url)).text();
		expect(await (await callByHand(url)).text()).toBe("ok");
		expect(requests).toEqual([2, 1]);
	});

	it("is not, where the request may have done its work", async () => {
		const { url, requests } = await forgetful();
		await (await callByHand(url)).text();
		const post = { method: "POST", body: "x", headers: { "content-length": "1" } };
		await expect(callByHand(url, post)).rejects.toMatchObject({ code: "upstream_unavailable" });
		expect(requests).toEqual([2]);
	});

	const answer = (text: string) => `HTTP/1.1 200 OK\r\ncontent-length: ${text.length}\r\n\r\n${text}`;

	it.each(["at once", "later"])("gives nobody an answer that was not asked for and came %s", async (when) => {
		const { url, sockets } = await rawUpstream((socket, connection) => {
			if (connection > 0) return void socket.write(answer("own"));
			socket.write(answer("first") + (when === "at once" ? answer("planted") : ""));
			if (when === "later") setTimeout(() => socket.write(answer("planted")), 50);
		});
		expect(await (await callByHand(url)).text()).toBe("first");
		await expect.poll(() => sockets[0]!.destroyed || sockets[0]!.readableEnded).toBe(true);
		expect(await (await callByHand(url)).text()).toBe("own");
	});

	it("is not, after an answer that came before all of the upload, which then broke off", async () => {
		const { url, received, sockets } = await rawUpstream((socket, connection) => {
			if (socket.bytesWritten === 0) socket.write(answer(String(connection)));
		});
		const headers = { "content-length": "100000" };
		let brokenOff = () => {};
		const half = new ReadableStream<Uint8Array>({
			start(controller) {
				controller.enqueue(new Uint8Array(70_000));
				brokenOff = () => controller.error(new Error("gone"));
			},
		});
		const response = await callByHand(url, { method: "PUT", headers, body: half, duplex: "half" });
		expect(await response.text()).toBe("0");
		brokenOff();
		expect(await (await callByHand(url)).text()).toBe("1");
		expect(sockets).toHaveLength(2);
		expect(received[1]!.toString()).toMatch(/^GET \/ HTTP/);
	});
});
