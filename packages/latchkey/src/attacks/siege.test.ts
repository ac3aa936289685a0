import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { testSecret } from "../../test/harness.ts";
import { type Auth, createEngine } from "../lib/auth.ts";
import { password } from "../lib/passwords/password.ts";
import { type PostgresServer, startPostgres } from "../lib/storage/postgres/fixtures/postgres-server.ts";
import { startTcpProxy, type TcpProxy } from "../lib/storage/postgres/fixtures/tcp-proxy.ts";
import type { TestAnswer } from "../testing.ts";
import { TestBrowser } from "../testing.ts";

let server: PostgresServer;
let proxy: TcpProxy;

beforeAll(async () => {
	server = await startPostgres();
	proxy = await startTcpProxy(server.port);
}, 60_000);
afterAll(async () => {
	await proxy.close();
	await server.remove();
}, 60_000);

/** Something that the operator does, or that happens; nobody minds if it fails. */
async function execute(sql: string): Promise<void> {
	const client = new pg.Client({ connectionString: server.url, connectionTimeoutMillis: 5000 });
	client.on("error", () => {});
	await client.connect().then(
		() => client.query(sql),
		() => {},
	);
	await client.end().catch(() => {});
}

const everybodyElse = "FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'";

/** Each at its worst, one after the other, while people go on. */
const blows: readonly (() => Promise<unknown>)[] = [
	() => execute(`SELECT pg_terminate_backend(pid) ${everybodyElse}`),
	() => execute(`SELECT pg_cancel_backend(pid) ${everybodyElse}`),
	async () => {
		proxy.drop();
		await sleep(1500);
		proxy.pass();
	},
	async () => {
		proxy.drop("to the client");
		await sleep(1000);
		proxy.pass();
	},
	async () => {
		proxy.delay(300);
		await sleep(1000);
		proxy.pass();
	},
	async () => proxy.leadTo(server.port),
	async () => {
		await server.kill();
		await sleep(300);
		await server.start();
	},
	async () => {
		await server.stop();
		await sleep(300);
		await server.start();
	},
	() => execute("BEGIN; LOCK TABLE latchkey_session, latchkey_user; SELECT pg_sleep(1); ROLLBACK"),
];

/** An instance of the application, by the database's own clock. */
function open(database: string): Auth {
	const auth = createEngine({
		methods: [password()],
		emailVerification: "off",
		url: "http://localhost:3000",
		secret: testSecret,
		database,
		logger: () => {},
	});
	onTestFinished(() => auth.close());
	return auth;
}

interface Life {
	seen: Map<string, number>;
	/** What must not happen. */
	wrongs: string[];
}

/** Asks until the store has answered. Everything but 503 with `Retry-After` and what is expected is wrong. */
async function persist(life: Life, what: string, ask: () => Promise<TestAnswer>, expected: readonly number[]) {
	for (;;) {
		const answer = await ask();
		life.seen.set(`${what} ${answer.status}`, (life.seen.get(`${what} ${answer.status}`) ?? 0) + 1);
		if (answer.status !== 503) {
			if (!expected.includes(answer.status))
				life.wrongs.push(`${what}: ${answer.status} ${JSON.stringify(answer.body)}`);
			return answer;
		}
		if (!(Number(answer.headers.get("retry-after")) > 0)) life.wrongs.push(`${what}: 503 without Retry-After`);
		await sleep(50);
	}
}

/** Signs in on one instance, is known and renewed on both, signs out on one and is refused on both. */
async function liveADay(life: Life, person: object, [here, there]: readonly [Auth, Auth]): Promise<void> {
	const browser = new TestBrowser(here);
	const signedIn = await persist(life, "sign-in", () => browser.post("/api/auth", person), [200, 429]);
	// Attempts were counted whose end was lost.
	if (signedIn.status === 429) return sleep(100);
	const other = new TestBrowser(there);
	for (const [name, value] of browser.cookies) other.cookies.set(name, value);
	for (const one of [browser, other]) {
		const { body } = await persist(life, "read", () => one.get("/api/auth"), [200]);
		if (body.authenticated !== true) life.wrongs.push("signed out, and nobody had");
		await persist(life, "user", () => one.get("/api/auth/user"), [200]);
	}
	await persist(life, "refresh", () => browser.post("/api/auth/refresh"), [200]);
	await persist(life, "sign-out", () => browser.delete("/api/auth"), [200]);
	const endedAt = performance.now();
	for (;;) {
		const askedAt = performance.now();
		const { body } = await persist(life, "refused", () => other.get("/api/auth"), [200]);
		if (body.authenticated === false) return;
		if (askedAt - endedAt > 2000) life.wrongs.push(`accepted ${askedAt - endedAt} ms after it was ended`);
	}
}

it("[A27] [A39] [A40] whatever happens to PostgreSQL, people see 503 or what is so, and everything goes on by itself", async () => {
	const instances = [open(server.url.replace(/:\d+\//, `:${proxy.port}/`)), open(server.url)] as const;
	const life: Life = { seen: new Map(), wrongs: [] };
	const people = Array.from({ length: 4 }, (_, index) => ({
		email: `p${index}@example.com`,
		password: `correct horse battery ${index}`,
	}));
	for (const person of people) {
		await persist(life, "sign-up", () => new TestBrowser(instances[0]).post("/api/auth/sign-up", person), [201]);
	}
	let besieged = true;
	onTestFinished(() => {
		besieged = false;
	});
	const lives = people.map(async (person, index) => {
		const both = index % 2 === 0 ? instances : ([instances[1], instances[0]] as const);
		while (besieged) await liveADay(life, person, both);
	});
	for (const blow of blows) {
		await blow();
		await sleep(300);
	}
	besieged = false;
	await Promise.all(lives);
	expect(life.wrongs).toEqual([]);
	const answered = (status: number) =>
		[...life.seen].filter(([what]) => what.endsWith(` ${status}`)).reduce((sum, [, count]) => sum + count, 0);
	// It was felt, and it was lived through.
	expect(answered(503)).toBeGreaterThan(0);
	expect(life.seen.get("refused 200")).toBeGreaterThan(people.length);
	for (const instance of instances) {
		expect((await new TestBrowser(instance).get("/api/auth/health")).body).toMatchObject({ ready: true });
	}
}, 180_000);
