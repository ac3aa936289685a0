import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AuthError } from "../errors.ts";
import { readFormBody, readJsonBody } from "./read-body.ts";

const json = "application/json";
const form = "application/x-www-form-urlencoded";
const limitBytes = 65_536;

interface Parts {
	type?: string | null;
	body?: BodyInit | null;
	headers?: Record<string, string>;
}

function post({ type = json, body = null, headers = {} }: Parts): Request {
	const init: RequestInit & { duplex: "half" } = { method: "POST", body, headers, duplex: "half" };
	const request = new Request("https://example.com/api/auth", init);
	// A string body brings a Content-Type of its own.
	if (type === null) request.headers.delete("content-type");
	else request.headers.set("content-type", type);
	return request;
}

/** A sender that counts what is taken from it. */
function countingSender(chunks: Iterable<Uint8Array>) {
	const seen = { pulledBytes: 0, cancelled: false };
	const iterator = chunks[Symbol.iterator]();
	const stream = new ReadableStream<Uint8Array>(
		{
			pull(controller) {
				const { done, value } = iterator.next();
				if (done) return controller.close();
				seen.pulledBytes += value.byteLength;
				controller.enqueue(value);
			},
			cancel() {
				seen.cancelled = true;
			},
		},
		{ highWaterMark: 0 },
	);
	return { seen, stream };
}

function* spaces(bytes: number, chunkBytes: number) {
	for (let sent = 0; sent < bytes; sent += chunkBytes) yield new Uint8Array(chunkBytes).fill(0x20);
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
	const error = await promise.then(
		() => null,
		(reason: unknown) => reason,
	);
	return error instanceof AuthError ? error.code : `not an AuthError: ${error}`;
}

const nested = (depth: number) => `${'{"a":'.repeat(depth - 1)}{}${"}".repeat(depth - 1)}`;
const bytes = (text: string) => new TextEncoder().encode(text);

describe("readJsonBody", () => {
	it.each([
		"application/json",
		"Application/JSON",
		"application/json; charset=utf-8",
		"application/json;charset=UTF-8",
		'application/json ; charset="utf-8" ',
	])("reads %j", async (type) => {
		expect(await readJsonBody(post({ type, body: '{"identifier":"ada"}' }))).toEqual({ identifier: "ada" });
	});

	it.each([
		null,
		"",
		"text/plain",
		"text/json",
		"application/x-www-form-urlencoded",
		"multipart/form-data; boundary=x",
		"application/jsonp",
		"application/json5",
		"application/json, text/plain",
		"text/plain; application/json",
		"text/plain;charset=application/json",
		"application/json; charset=utf-16",
		"application/json; charset=utf-8; charset=utf-7",
		"application/ld+json",
	])("refuses the media type %j before it reads the body [A19] [ASVS 3.5.2]", async (type) => {
		const { seen, stream } = countingSender([bytes("{}")]);
		expect(await codeOf(readJsonBody(post({ type, body: stream })))).toBe("unsupported_media_type");
		expect(seen.pulledBytes).toBe(0);
	});

	it.each<[title: string, body: BodyInit | null]>([
		["no body", null],
		["an empty body", ""],
		["white space", "  "],
		["a byte order mark alone", "\ufeff"],
		["half an object", '{"a":'],
		["two objects", "{}{}"],
		["a comment", "{/**/}"],
		["a single quote", "{'a':1}"],
		["a trailing comma", '{"a":1,}'],
		["NaN", '{"a":NaN}'],
		["a raw line feed in a string", '{"a":"\n"}'],
		["an array", "[]"],
		["an array of objects", '[{"identifier":"ada"}]'],
		["a string", '"a"'],
		["a number", "1"],
		["null", "null"],
		["true", "true"],
		["Latin-1", new Uint8Array([0x7b, 0x22, 0xe9, 0x22, 0x3a, 0x31, 0x7d])],
		["an overlong encoding", new Uint8Array([0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d])],
		["an encoded surrogate", new Uint8Array([0x7b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x3a, 0x31, 0x7d])],
		["a character that is cut off at the end", bytes('{"a":"\u00e9').slice(0, -1)],
		["an object with half a character after it", new Uint8Array([0x7b, 0x7d, 0xc3])],
		["UTF-16", new Uint8Array([0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00])],
		["gzip", new Uint8Array([0x1f, 0x8b, 0x08, 0x00])],
	])("calls %s invalid_json", async (_title, body) => {
		expect(await codeOf(readJsonBody(post({ body })))).toBe("invalid_json");
	});

	it("ignores a byte order mark", async () => {
		expect(await readJsonBody(post({ body: '\ufeff{"a":1}' }))).toEqual({ a: 1 });
	});

	it("reads a body of exactly 64 KB and refuses one byte more [A38]", async () => {
		const body = (length: number) => `{"a":"${"x".repeat(length - 8)}"}`;
		expect(await readJsonBody(post({ body: body(limitBytes) }))).toEqual({ a: "x".repeat(limitBytes - 8) });
		expect(await codeOf(readJsonBody(post({ body: body(limitBytes + 1) })))).toBe("body_too_large");
	});

	it("counts bytes, not characters [A38]", async () => {
		const body = `{"a":"${"\u20ac".repeat(limitBytes / 3)}"}`;
		expect(await codeOf(readJsonBody(post({ body })))).toBe("body_too_large");
	});

	it("takes nothing of a body whose Content-Length says that it is too large [A38]", async () => {
		const { seen, stream } = countingSender(spaces(1_000_000, 1000));
		const request = post({ body: stream, headers: { "content-length": "1000000" } });
		expect(await codeOf(readJsonBody(request))).toBe("body_too_large");
		expect(seen).toEqual({ pulledBytes: 0, cancelled: true });
	});

	it.each(["2", "0", "-1", "", "NaN", "1e1"])(
		"stops a body of 1 MB at 64 KB although its Content-Length says %j [A38]",
		async (length) => {
			const { seen, stream } = countingSender(spaces(1_000_000, 1000));
			const request = post({ body: stream, headers: { "content-length": length } });
			expect(await codeOf(readJsonBody(request))).toBe("body_too_large");
			expect(seen.cancelled).toBe(true);
			expect(seen.pulledBytes).toBeLessThanOrEqual(limitBytes + 1000);
		},
	);

	it("stops an endless chunked body at 64 KB [A38]", async () => {
		const { seen, stream } = countingSender(spaces(Number.POSITIVE_INFINITY, 1000));
		expect(await codeOf(readJsonBody(post({ body: stream })))).toBe("body_too_large");
		expect(seen.cancelled).toBe(true);
		expect(seen.pulledBytes).toBeLessThanOrEqual(limitBytes + 1000);
	});

	it("stops at the first bytes that are not UTF-8 [A38]", async () => {
		const { seen, stream } = countingSender([new Uint8Array([0x7b, 0xff]), ...spaces(10_000, 1000)]);
		expect(await codeOf(readJsonBody(post({ body: stream })))).toBe("invalid_json");
		expect(seen).toEqual({ pulledBytes: 2, cancelled: true });
	});

	it("does not wait for a sender that cannot be cancelled [A38]", async () => {
		const stream = new ReadableStream<Uint8Array>({
			pull: (controller) => controller.enqueue(new Uint8Array(limitBytes + 1)),
			cancel: () => new Promise(() => {}),
		});
		expect(await codeOf(readJsonBody(post({ body: stream })))).toBe("body_too_large");
	});

	it("calls a body that breaks off invalid_json", async () => {
		const stream = new ReadableStream<Uint8Array>({
			pull(controller) {
				controller.error(new Error("socket closed"));
			},
		});
		expect(await codeOf(readJsonBody(post({ body: stream })))).toBe("invalid_json");
	});

	it("puts characters together that arrive in pieces", async () => {
		const text = '{"a":"\u00e9\u20ac\u{1f511}"}';
		const { stream } = countingSender(Array.from(bytes(text), (byte) => new Uint8Array([byte])));
		expect(await readJsonBody(post({ body: stream }))).toEqual(JSON.parse(text));
	});

	it("reads 16 levels and refuses 17 [A38]", async () => {
		expect(await readJsonBody(post({ body: nested(16) }))).toEqual(JSON.parse(nested(16)));
		expect(await codeOf(readJsonBody(post({ body: nested(17) })))).toBe("invalid_json");
		expect(await codeOf(readJsonBody(post({ body: `{"a":${"[".repeat(60_000)}` })))).toBe("invalid_json");
		expect(await codeOf(readJsonBody(post({ body: '{"a":[[]]}' }), { maxDepth: 2 }))).toBe("invalid_json");
	});

	it.each(['{"a":"[[[[[[[[[[[[[[[[[[[["}', '{"a":"\\"[[[[[[[[[[[[[[[[[[["}', '{"[[[[[[[[[[[[[[[[[[[[\\\\":1}'])(
		"does not count brackets inside strings: %s",
		async (body) => {
			expect(await readJsonBody(post({ body }))).toEqual(JSON.parse(body));
		},
	);

	it.each(['{"a":"\\\\","b":[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]}', `{"]]]]":1,"b":${"[".repeat(16)}${"]".repeat(16)}}`])(
		"is not talked out of counting: %s [A38]",
		async (body) => {
			expect(await codeOf(readJsonBody(post({ body })))).toBe("invalid_json");
		},
	);

	it("keeps __proto__ an ordinary member [A38]", async () => {
		const body = '{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}}}';
		const value = (await readJsonBody(post({ body }))) as object;
		expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
		expect("isAdmin" in value).toBe(false);
		expect("isAdmin" in {}).toBe(false);
	});

	it("does not carry the body into the error, where a log would find the password [A41]", async () => {
		const error = await readJsonBody(post({ body: '{"password":"correct horse' })).catch((reason: unknown) => reason);
		expect(error).toBeInstanceOf(AuthError);
		expect((error as AuthError).cause).toBeUndefined();
		expect(`${(error as AuthError).stack}${(error as AuthError).detail}`).not.toContain("horse");
	});

	it("agrees with JSON.parse on every object within the limits", async () => {
		await fc.assert(
			fc.asyncProperty(fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue({ maxDepth: 4 })), async (value) => {
				const body = JSON.stringify(value);
				expect(await readJsonBody(post({ body }))).toEqual(JSON.parse(body));
			}),
		);
	});
});

describe("readFormBody", () => {
	it("reads fields", async () => {
		const fields = await readFormBody(
			post({ type: `${form};charset=UTF-8`, body: "identifier=ada%40example.com&next=%2Fa+b" }),
		);
		expect([...fields]).toEqual([
			["identifier", "ada@example.com"],
			["next", "/a b"],
		]);
	});

	it("reads an empty form", async () => {
		expect([...(await readFormBody(post({ type: form })))]).toEqual([]);
	});

	it.each([json, "text/plain", "multipart/form-data; boundary=x", null])("refuses the media type %j", async (type) => {
		expect(await codeOf(readFormBody(post({ type, body: "a=b" })))).toBe("unsupported_media_type");
	});

	it("stops at 64 KB [A38]", async () => {
		const { seen, stream } = countingSender(spaces(1_000_000, 1000));
		expect(await codeOf(readFormBody(post({ type: form, body: stream })))).toBe("body_too_large");
		expect(seen.cancelled).toBe(true);
		expect(seen.pulledBytes).toBeLessThanOrEqual(limitBytes + 1000);
	});

	it("refuses what is not UTF-8", async () => {
		expect(await codeOf(readFormBody(post({ type: form, body: new Uint8Array([0x61, 0x3d, 0xff]) })))).toBe(
			"invalid_json",
		);
	});
});
