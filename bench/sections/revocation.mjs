/** Three instances on one PostgreSQL: how soon all of them refuse what was ended on one, and when the channel is cut. */
import { setTimeout as sleep } from "node:timers/promises";
import { newUser } from "../../packages/latchkey/src/lib/storage/contract/fixtures.ts";
import { freshSecret } from "../../packages/latchkey/src/lib/storage/postgres/fixtures/instance.ts";
import { startInstance } from "../../packages/latchkey/src/lib/storage/postgres/fixtures/instances.ts";
import { startPostgres } from "../../packages/latchkey/src/lib/storage/postgres/fixtures/postgres-server.ts";
import { startTcpProxy } from "../../packages/latchkey/src/lib/storage/postgres/fixtures/tcp-proxy.ts";
import { openPostgres } from "../../packages/latchkey/src/lib/storage/postgres/open-postgres.ts";
import { percentile } from "../lib/statistics.mjs";

export const title = "Revocation on three instances of one PostgreSQL";

export async function measure({ quick }) {
	const server = await startPostgres();
	const proxy = await startTcpProxy(server.port);
	const storage = await openPostgres({ url: server.url });
	const user = newUser("ada", { session: null });
	await storage.createUser(user);
	const instances = [startInstance(), startInstance(), startInstance()];
	// The third listens through a proxy that can drop what it hears.
	const directUrl = server.url.replace(`:${server.port}/`, `:${proxy.port}/`);
	await Promise.all(
		instances.map((instance, index) => instance.tell("open", { url: server.url, ...(index === 2 && { directUrl }) })),
	);
	const three = { instances, userId: user.id };
	const rows = [
		row("a session, all instances healthy", await endings(three, "endSession", quick ? 20 : 150), 100),
		row("all sessions of a user, all instances healthy", await endings(three, "endAllSessions", quick ? 20 : 150), 100),
		row("a session, while one silently hears nothing", await cutOff(three, proxy, quick ? 3 : 12), 2000),
	];
	await Promise.all(instances.map((instance) => instance.kill()));
	await storage.close();
	await proxy.close();
	await server.remove();
	return { rows, notes: ["From asking one instance to end it until the last of the three has refused it."] };
}

function row(what, latencies, most) {
	const [p50, p99, last] = [50, 99, 100].map((percent) => percentile(latencies, percent));
	return {
		what,
		figure: `p50 ${p50} ms, p99 ${p99} ms, last ${last} ms`,
		judged: most === 100 ? p99 : last,
		budget: { most },
	};
}

async function endings({ instances, userId }, end, rounds) {
	const latencies = [];
	for (let round = 0; round < rounds; round++) latencies.push(await once({ instances, userId }, end, round));
	return latencies;
}

async function cutOff(three, proxy, rounds) {
	const latencies = [];
	for (let round = 0; round < rounds; round++) {
		latencies.push(await once(three, "endSession", 0, () => proxy.drop()));
		proxy.pass();
		await sleep(200);
	}
	return latencies;
}

async function once({ instances, userId }, end, round, before = () => {}) {
	const secret = freshSecret();
	const { sessionId } = await instances[0].tell("signIn", { userId, secret });
	await Promise.all(instances.map((instance) => instance.tell("remember", { secret })));
	const watching = instances.map((instance) => instance.tell("watch", { secret }));
	before();
	const { startedAt } = await instances[round % 3].tell(end, { userId, sessionId });
	const watched = await Promise.all(watching);
	return Math.max(...watched.map(({ refusedAt }) => refusedAt)) - startedAt;
}
