import { describe, expect, it } from "vitest";
import { Lease, leaseMs } from "./lease.ts";

function stoppedWatch() {
	const time = { monotonic: 1000, wall: 5_000_000 };
	const lease = new Lease({ monotonic: () => time.monotonic, wall: () => time.wall });
	return { time, lease };
}

describe("the lease on memory", () => {
	it("does not hold before the first heartbeat came back, nor after it was dropped", () => {
		const { lease } = stoppedWatch();
		expect(lease.databaseNow()).toBeNull();
		lease.renew(lease.instant(), 7);
		expect(lease.databaseNow()).not.toBeNull();
		lease.drop();
		expect(lease.databaseNow()).toBeNull();
	});

	it("begins when the heartbeat was sent, not when it came back", () => {
		const { time, lease } = stoppedWatch();
		const sentAt = lease.instant();
		time.monotonic += leaseMs - 1;
		lease.renew(sentAt, 7);
		expect(lease.databaseNow()).not.toBeNull();
		time.monotonic += 1;
		expect(lease.databaseNow()).toBeNull();
		lease.renew(sentAt, 7);
		expect(lease.databaseNow()).toBeNull();
	});

	it.each(["monotonic", "wall"] as const)("ends by the %s clock alone: the other may have stood still", (clock) => {
		const { time, lease } = stoppedWatch();
		lease.renew(lease.instant(), 7);
		time[clock] += leaseMs;
		expect(lease.databaseNow()).toBeNull();
	});

	it("is not prolonged by a clock that is set back", () => {
		const { time, lease } = stoppedWatch();
		lease.renew(lease.instant(), 7);
		time.wall -= 3_600_000;
		time.monotonic += leaseMs - 1;
		expect(lease.databaseNow()).not.toBeNull();
		time.monotonic += 1;
		expect(lease.databaseNow()).toBeNull();
	});

	it("tells the database's clock, and never an earlier time than it has", () => {
		const { time, lease } = stoppedWatch();
		lease.renew(lease.instant(), 1_700_000_000_000);
		time.monotonic += 250.4;
		expect(lease.databaseNow()).toBe(1_700_000_000_251);
	});
});
