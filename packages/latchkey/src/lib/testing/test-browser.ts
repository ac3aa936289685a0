import type { Auth } from "../auth.ts";

/** One answer, with its JSON already read. */
export interface TestAnswer {
	readonly status: number;
	readonly headers: Headers;
	// biome-ignore lint/suspicious/noExplicitAny: a test asserts on what it expects to find.
	readonly body: any;
}

export interface TestBrowserOptions {
	/** The site's origin. Default `http://localhost:3000`. */
	origin?: string;
	/** Sent with every request, over what a browser sends by itself. */
	headers?: Record<string, string>;
	/** Sees every answer, such as to hold it against the OpenAPI document. */
	onAnswer?: (request: { method: string; path: string }, answer: TestAnswer) => void;
}

/**
 * Talks to an engine as a page of the site does: keeps cookies from answer to request and says where it comes from.
 */
export class TestBrowser {
	readonly #auth: Pick<Auth, "handle">;
	readonly #origin: string;
	readonly #headers: Record<string, string>;
	readonly #onAnswer: TestBrowserOptions["onAnswer"];
	readonly cookies = new Map<string, string>();

	constructor(auth: Pick<Auth, "handle">, options: TestBrowserOptions = {}) {
		this.#auth = auth;
		this.#origin = options.origin ?? "http://localhost:3000";
		this.#headers = options.headers ?? {};
		this.#onAnswer = options.onAnswer;
	}

	get(path: string, headers?: Record<string, string>): Promise<TestAnswer> {
		return this.request("GET", path, undefined, headers);
	}

	post(path: string, body?: unknown, headers?: Record<string, string>): Promise<TestAnswer> {
		return this.request("POST", path, body, headers);
	}

	put(path: string, body?: unknown): Promise<TestAnswer> {
		return this.request("PUT", path, body);
	}

	patch(path: string, body?: unknown): Promise<TestAnswer> {
		return this.request("PATCH", path, body);
	}

	delete(path: string): Promise<TestAnswer> {
		return this.request("DELETE", path);
	}

	/** Sends `body` as JSON, or as it is when it is a string with a media type of its own in `headers`. */
	async request(
		method: string,
		path: string,
		body?: unknown,
		headers: Record<string, string> = {},
	): Promise<TestAnswer> {
		const response = await this.#auth.handle(this.prepare(method, path, body, headers));
		for (const cookie of response.headers.getSetCookie()) this.#keep(cookie);
		const text = await response.text();
		// The answer to a HEAD has the media type but no body.
		const isJson = text !== "" && (response.headers.get("content-type")?.startsWith("application/json") ?? false);
		const answer = { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
		this.#onAnswer?.({ method, path }, answer);
		return answer;
	}

	/** The request that {@link request} would send, such as to send it elsewhere, late or twice. */
	prepare(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Request {
		const all = new Headers({
			"sec-fetch-site": "same-origin",
			"user-agent": "TestBrowser/1",
			...this.#headers,
			...headers,
		});
		if (this.cookies.size > 0 && !all.has("cookie")) all.set("cookie", this.cookieHeader());
		if (body !== undefined && !all.has("content-type")) all.set("content-type", "application/json");
		const text = typeof body === "string" ? body : JSON.stringify(body);
		return new Request(new URL(path, this.#origin), {
			method,
			headers: all,
			...(body !== undefined && { body: text }),
		});
	}

	cookieHeader(): string {
		return [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
	}

	#keep(setCookie: string): void {
		const [pair = "", ...attributes] = setCookie.split("; ");
		const name = pair.slice(0, pair.indexOf("="));
		if (attributes.includes("Max-Age=0")) this.cookies.delete(name);
		else this.cookies.set(name, pair.slice(name.length + 1));
	}
}
