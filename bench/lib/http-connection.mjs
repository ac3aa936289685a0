/** HTTP/1.1 over one kept-alive socket with next to no work of its own: the client shares its two cores with the server. */
import { connect } from "node:net";

export class Connection {
	#socket;
	#received = "";
	#waiting = null;

	constructor(socket) {
		this.#socket = socket;
		socket.setNoDelay(true);
		socket.setEncoding("latin1");
		socket.on("data", (text) => this.#receive(text));
		socket.on("error", (error) => this.#fail(error));
		socket.on("close", () => this.#fail(new Error("The server closed the connection")));
	}

	static open(port) {
		return new Promise((resolve, reject) => {
			const socket = connect({ port, host: "127.0.0.1" });
			socket.once("error", reject);
			socket.once("connect", () => resolve(new Connection(socket)));
		});
	}

	/** Sends one request and answers its short body. Any other status than the expected one rejects. */
	request(text, expected = 200) {
		return new Promise((resolve, reject) => {
			this.#waiting = { resolve, reject, expected };
			this.#socket.write(text);
		});
	}

	close() {
		this.#socket.destroy();
	}

	#receive(text) {
		this.#received += text;
		const end = this.#received.indexOf("\r\n\r\n");
		if (end === -1) return;
		const head = this.#received.slice(0, end);
		const body = this.#received.slice(end + 4);
		const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
		// One request at a time and bodies of one chunk: the last chunk can only stand at the end.
		if (length === undefined ? !body.endsWith("0\r\n\r\n") : body.length < Number(length)) return;
		const { resolve, reject, expected } = this.#waiting;
		this.#received = "";
		this.#waiting = null;
		const status = Number(head.slice(9, 12));
		if (status === expected) resolve(length === undefined ? body.split("\r\n")[1] : body);
		else reject(new Error(`${status} instead of ${expected}: ${body.slice(0, 200)}`));
	}

	#fail(error) {
		this.#waiting?.reject(error);
		this.#waiting = null;
	}
}

/** The text of a request; `body` goes as JSON. */
export function requestText(method, path, { port, cookie, body }) {
	const lines = [
		`${method} ${path} HTTP/1.1`,
		`Host: localhost:${port}`,
		`Origin: http://localhost:${port}`,
		"User-Agent: latchkey-bench",
		"Accept: */*",
	];
	if (cookie !== undefined) lines.push(`Cookie: ${cookie}`);
	const json = body === undefined ? "" : JSON.stringify(body);
	if (body !== undefined) lines.push("Content-Type: application/json", `Content-Length: ${Buffer.byteLength(json)}`);
	return `${lines.join("\r\n")}\r\n\r\n${json}`;
}
