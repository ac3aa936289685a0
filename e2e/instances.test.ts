import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
	type PostgresServer,
	startPostgres,
} from "../packages/latchkey/src/lib/storage/postgres/fixtures/postgres-server.ts";
import { type Application, startApplication } from "./application.ts";
import { type Balancer, startBalancer } from "./balancer.ts";
import { newAddress, password } from "./visit.ts";

let postgres: PostgresServer;
let balancer: Balancer;
let instances: Application[];

beforeAll(async () => {
	postgres = await startPostgres();
	balancer = await startBalancer();
	// All three at once, on a database that has no table yet.
	instances = await Promise.all([startInstance(), startInstance(), startInstance()]);
	balancer.targets = instances.map(({ origin }) => origin);
});

afterAll(async () => {
	await Promise.all(instances.map((instance) => instance.stop()));
	await balancer.close();
	await postgres.remove();
});

function startInstance(): Promise<Application> {
	return startApplication({ AUTH_URL: balancer.origin, AUTH_DATABASE_URL: postgres.url });
}

interface Answer {
	status: number;
	// biome-ignore lint/suspicious/noExplicitAny: a test asserts on what it expects to find.
	body: any;
	cookie: string | null;
}

async function send(origin: string, method: string, path: string, cookie?: string, body?: object): Promise<Answer> {
	const answer = await fetch(`${origin}${path}`, {
		method,
		headers: {
			origin: balancer.origin,
			...(cookie && { cookie }),
			...(body && { "content-type": "application/json" }),
		},
		...(body && { body: JSON.stringify(body) }),
	});
	const text = await answer.text();
	const setCookie = answer.headers.getSetCookie()[0]?.split(";")[0] ?? null;
	return { status: answer.status, body: text.startsWith("{") ? JSON.parse(text) : text, cookie: setCookie };
}

async function signUp(email: string): Promise<string> {
	const answer = await send(balancer.origin, "POST", "/api/auth/sign-up", undefined, { email, password });
	expect(answer.status).toBe(201);
	return answer.cookie!;
}

async function signIn(email: string): Promise<string> {
	const answer = await send(balancer.origin, "POST", "/api/auth", undefined, { email, password });
	expect(answer.status).toBe(200);
	return answer.cookie!;
}

const isSignedIn = async (origin: string, cookie: string) =>
	(await send(origin, "GET", "/api/auth", cookie)).body.authenticated as boolean;

/** Asks until every instance has refused; a session that is never refused fails by the test's own limit. */
async function untilRefusedEverywhere(cookie: string): Promise<void> {
	for (const { origin } of instances) while (await isSignedIn(origin, cookie)) await sleep(10);
}

describe("three instances on one PostgreSQL, behind a balancer that takes turns", () => {
	it("know each other's sessions at once", async () => {
		const cookie = await signUp(newAddress());
		for (const { origin } of instances) expect(await isSignedIn(origin, cookie)).toBe(true);
	});

	it("hand one generation to renewals on all of them at once [A26]", async () => {
		const cookie = await signUp(newAddress());
		const refresh = () => send(balancer.origin, "POST", "/api/auth/refresh", cookie);
		const answers = await Promise.all(Array.from({ length: 30 }, refresh));
		expect(answers.map(({ status }) => status)).toEqual(Array(30).fill(200));
		const generations = answers.map(({ cookie: renewed }) => claimsOf(renewed!).gen);
		expect(new Set(generations).size).toBe(1);
	});

	it("refuse everywhere what was ended on one of them [A27] [A40]", async () => {
		const email = newAddress();
		const [here, there] = [await signUp(email), await signIn(email)];
		for (const { origin } of instances) expect(await isSignedIn(origin, there)).toBe(true);
		const ended = await send(instances[0]!.origin, "DELETE", "/api/auth/sessions", here);
		expect(ended.body.ended).toBe(1);
		await untilRefusedEverywhere(there);
		for (const { origin } of instances) expect(await isSignedIn(origin, here)).toBe(true);
	});

	it("go on when one is killed in the middle of its work", async () => {
		const email = newAddress();
		const cookie = await signUp(email);
		const [victim, ...others] = instances;
		const hashing = Array.from({ length: 6 }, () =>
			send(victim!.origin, "POST", "/api/auth", undefined, { email, password }).catch(() => null),
		);
		await sleep(30);
		victim!.process.kill("SIGKILL");
		// It was: passwords take longer than that.
		expect(await Promise.all(hashing)).toContain(null);
		for (let count = 0; count < 12; count++) expect(await isSignedIn(balancer.origin, cookie)).toBe(true);
		expect(await isSignedIn(balancer.origin, await signIn(email))).toBe(true);
		instances = [await startInstance(), ...others];
		balancer.targets = instances.map(({ origin }) => origin);
	});

	it("are replaced one by one under load, and no request fails but those that were in flight on the one that stopped", async () => {
		const cookie = await signUp(newAddress());
		const outcomes = { served: 0, failed: 0, anonymous: 0 };
		let rolling = true;
		// Nothing is tried twice: what fails is seen.
		balancer.passesOver = false;
		// The one renews, and the others use what asks the database, what memory answers, and a page.
		const asks = [
			["POST", "/api/auth/refresh"],
			["GET", "/api/auth/sessions"],
			["GET", "/api/auth/user"],
			["GET", "/account"],
		] as const;
		const load = asks.map(async ([method, path]) => {
			while (rolling) {
				const answer = await send(balancer.origin, method, path, cookie).catch(() => null);
				if (answer?.status === 200) outcomes.served++;
				else if (answer?.status === 401 || answer?.status === 303 || answer?.status === 307) outcomes.anonymous++;
				else outcomes.failed++;
			}
		});
		let inFlight = 0;
		for (const [index, old] of instances.entries()) {
			const next = await startInstance();
			instances[index] = next;
			balancer.targets = instances.map(({ origin }) => origin);
			inFlight += balancer.inFlight(old.origin);
			await old.stop();
		}
		rolling = false;
		await Promise.all(load);
		balancer.passesOver = true;
		expect(outcomes.anonymous).toBe(0);
		expect(outcomes.served).toBeGreaterThan(asks.length * instances.length);
		expect(outcomes.failed).toBeLessThanOrEqual(inFlight);
	});

	it("answer 503 with Retry-After while the database is away, and recover by themselves", async () => {
		const cookie = await signUp(newAddress());
		await postgres.stop();
		const away = await fetch(`${balancer.origin}/api/auth`, { headers: { cookie } });
		expect(away.status).toBe(503);
		expect(Number(away.headers.get("retry-after"))).toBeGreaterThan(0);
		await postgres.start();
		for (const { origin } of instances) {
			while ((await send(origin, "GET", "/api/auth", cookie)).status !== 200) await sleep(50);
			expect(await isSignedIn(origin, cookie)).toBe(true);
		}
	});
});

function claimsOf(cookie: string): { gen: number } {
	return JSON.parse(Buffer.from(cookie.split(".")[1]!, "base64url").toString("utf8"));
}
