/** What a call costs through the backend for the frontend, against calling the API directly: in process, and through Next.js. */
import { Agent, request as requestHttp } from "node:http";
import { bffHandler } from "../../packages/latchkey/src/lib/bff/bff-handler.ts";
import { mintServiceToken } from "../../packages/latchkey/src/lib/tokens/service-token.ts";
import { openBenchAuth, origin, signUp } from "../lib/engine.mjs";
import { startNextApp } from "../lib/next-app.mjs";
import { median, ratio, takeTurns } from "../lib/statistics.mjs";
import { startClient } from "../lib/workshop.mjs";

export const title = "The backend for the frontend";

const callsAtOnce = 20;
const upload = new Uint8Array(16 * 1024 * 1024);
const agent = new Agent({ keepAlive: true });

export async function measure({ quick }) {
	const upstream = startClient("upstream");
	const port = await upstream.ask({});
	const rows = [...(await inProcess(port, quick)), ...(await throughNext(port, quick))];
	await upstream.stop();
	agent.destroy();
	return { rows };
}

async function inProcess(port, quick) {
	const { auth, engine } = await openBenchAuth();
	const headers = { cookie: await signUp(auth, "ada@example.com"), "sec-fetch-site": "same-origin" };
	const { user } = await auth.readSession(new Request(origin, { headers }));
	const options = { upstreams: { bench: { url: `http://127.0.0.1:${port}`, token: { audience: "bench" } } } };
	options.upstreams.bench.maxRequestBytes = 2 * upload.byteLength;
	const bff = bffHandler(async () => engine, options);
	const byBff = async (path, init) => {
		const response = await bff(new Request(`${origin}/api/bff/bench${path}`, { ...init, headers }));
		if (response.status !== 200) throw new Error(`${path} answered ${response.status}`);
		return drain(response.body);
	};
	const send = (body) => ({ method: "POST", body: new Blob([body]).stream(), duplex: "half" });
	const work = {
		small: { direct: () => direct(port, "/small"), again: () => direct(port, "/small"), bff: () => byBff("/small") },
		large: { direct: () => direct(port, "/large"), again: () => direct(port, "/large"), bff: () => byBff("/large") },
		upload: {
			direct: () => direct(port, "/", upload),
			again: () => direct(port, "/", upload),
			bff: () => byBff("/", send(upload)),
		},
	};
	const parts = {
		session: () => auth.readSession(new Request(origin, { headers })),
		token: () => mintServiceToken(engine, user.id, "bench"),
	};
	const small = await takeTurns(work.small, quick ? 20 : 100, timeOf(callsAtOnce));
	const large = await takeTurns(work.large, quick ? 10 : 40, timeOf(1));
	const sent = await takeTurns(work.upload, quick ? 10 : 40, timeOf(1));
	const own = await takeTurns(parts, quick ? 20 : 100, timeOf(callsAtOnce));
	await auth.close();
	return [
		...rowsOf("1 kB answer, in process", small, "µs"),
		...rowsOf("16 MB answer, in process", large, "ms"),
		...rowsOf("16 MB upload, in process", sent, "ms"),
		{ what: "of it: whose session it is", figure: figure(median(own.session), "µs") },
		{ what: "of it: a token of our own, signed", figure: figure(median(own.token), "µs") },
	];
}

async function throughNext(port, quick) {
	const app = await startNextApp({ BENCH_UPSTREAM: `http://127.0.0.1:${port}` });
	const client = startClient("one-by-one");
	const paths = ["/small", "/bare", "/by-hand", "/bff/bench/small"];
	const times = await client.ask({
		...{ port: app.port, cookie: app.cookie, paths },
		...{ elsewhere: { "/small": port }, rounds: quick ? 500 : 2000 },
	});
	await client.stop();
	await app.stop();
	const row = (what, path, base, against) => ({
		what,
		figure: figure(median(times[path]), "µs"),
		...(base && { against, ratio: { value: median(times[path]) / median(times[base]) } }),
	});
	return [
		row("1 kB answer, through Next.js: the API directly, p50", "/small"),
		row("a route that only reads the cookie and calls nothing", "/bare", "/small", "the API directly"),
		row("a route by hand: the cookie, fetch, its body", "/by-hand", "/small", "the API directly"),
		row("auth.bff", "/bff/bench/small", "/small", "the API directly"),
		row("the same", "/bff/bench/small", "/by-hand", "the route by hand"),
	];
}

function rowsOf(what, { direct, again, bff }, unit) {
	const against = "the API directly";
	return [
		{ what: `${what}: the API directly`, figure: figure(median(direct), unit) },
		{ what: "the same once more", figure: figure(median(again), unit), against, ratio: ratio(again, direct) },
		{ what: "through the BFF", figure: figure(median(bff), unit), against, ratio: ratio(bff, direct) },
	];
}

function figure(ms, unit) {
	return unit === "ms" ? `${ms.toFixed(1)} ms` : `${Math.round(ms * 1000)} µs`;
}

function timeOf(calls) {
	return async (work) => {
		const begin = performance.now();
		for (let call = 0; call < calls; call++) await work();
		return (performance.now() - begin) / calls;
	};
}

/** The least that a Node.js program does to call an API and read what it says. */
function direct(port, path, body) {
	return new Promise((resolve, reject) => {
		const method = body === undefined ? "GET" : "POST";
		const sent = requestHttp({ host: "127.0.0.1", port, path, method, agent }, (response) => {
			let bytes = 0;
			response.on("data", (chunk) => (bytes += chunk.length));
			response.on("end", () => resolve(bytes));
		});
		sent.on("error", reject);
		sent.end(body);
	});
}

async function drain(body) {
	const reader = body.getReader();
	let bytes = 0;
	for (let part = await reader.read(); !part.done; part = await reader.read()) bytes += part.value.byteLength;
	return bytes;
}
