import { describe, expect, it } from "vitest";
import { Background } from "./background.ts";
import type { LogEntry } from "./log.ts";

function open() {
	const logged: LogEntry[] = [];
	return { logged, background: new Background((entry) => logged.push(entry)) };
}

describe("background work", () => {
	it("starts after what is under way, and is waited for at the end", async () => {
		const { background } = open();
		const order: string[] = [];
		background.run("work", async () => void order.push("work"));
		await Promise.resolve();
		order.push("answer");
		await background.settled();
		expect(order).toEqual(["answer", "work"]);
	});

	it("is logged when it fails, and harms nobody", async () => {
		const { background, logged } = open();
		background.run("record_sight", async () => {
			throw new Error("disk full");
		});
		background.run("other", () => {
			throw new Error("at once");
		});
		await background.settled();
		expect(logged).toMatchObject([
			{ level: "warn", event: "background_failed", what: "record_sight", message: "disk full" },
			{ level: "warn", event: "background_failed", what: "other", message: "at once" },
		]);
	});

	it("is settled only when what it started itself has ended too", async () => {
		const { background } = open();
		const done: string[] = [];
		background.run("first", async () => {
			background.run("second", async () => void done.push("second"));
			done.push("first");
		});
		await background.settled();
		expect(done).toEqual(["first", "second"]);
	});
});
