import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { expect, it, onTestFinished, vi } from "vitest";
import { EndedChannel } from "./ended-channel.ts";
import { freshName, sharedServer } from "./fixtures/postgres-contract-store.ts";
import { Lease } from "./lease.ts";
import { connectAlone } from "./pool.ts";

it("instances send hardly more heartbeats together than one alone, since each wakes all of them, and every lease holds", async () => {
	const url = await sharedServer();
	const channel = freshName();
	const leases = Array.from({ length: 8 }, () => new Lease());
	const channels = leases.map(
		(lease) =>
			new EndedChannel({
				connect: () => connectAlone(url, 2000),
				channel,
				lease,
				onEnded: () => {},
				onGap: () => {},
				log: () => {},
			}),
	);
	const listener = new pg.Client(url);
	await listener.connect();
	onTestFinished(async () => {
		await Promise.all(channels.map((one) => one.close()));
		await listener.end();
	});
	let heartbeats = 0;
	listener.on("notification", () => {
		heartbeats += 1;
	});
	await listener.query(`LISTEN ${channel}_beat`);
	for (const one of channels) one.want();
	await vi.waitUntil(() => leases.every((lease) => lease.databaseNow() !== null), { timeout: 20_000 });
	heartbeats = 0;
	await sleep(1500);
	// Each for itself would have sent about 120.
	expect(heartbeats).toBeGreaterThan(2);
	expect(heartbeats).toBeLessThan(60);
	await vi.waitUntil(() => leases.every((lease) => lease.databaseNow() !== null), { timeout: 20_000 });
});
