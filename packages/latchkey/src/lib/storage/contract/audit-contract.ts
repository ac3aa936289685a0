import { expect, it } from "vitest";
import type { ContractContext } from "./contract-store.ts";
import { newEvent } from "./fixtures.ts";

/** The audit log. */
export function auditContract(context: ContractContext): void {
	it("lists the user's own events in full, newest first", async () => {
		const { storage, clock } = context;
		const full = newEvent({
			type: "signed_in",
			userId: "ada",
			sessionId: "session-1",
			address: "2001:db8::1",
			userAgent: "Ünïcödé 🦊/1.0",
			detail: { method: "password", nested: { list: [1, null] } },
		});
		await storage.appendEvents([full, newEvent({ userId: "bob" }), newEvent()]);
		const at = clock.now;
		clock.now += 1000;
		const bare = newEvent({ userId: "ada" });
		await storage.appendEvents([bare]);
		expect(await storage.listEvents("ada", { limit: 10 })).toEqual([
			{ ...bare, at: clock.now },
			{ ...full, at },
		]);
		expect(await storage.listEvents("nobody", { limit: 10 })).toEqual([]);
	});

	it("pages through any number of events without a gap", async () => {
		const { storage } = context;
		const events = Array.from({ length: 50 }, () => newEvent({ userId: "ada" }));
		await storage.appendEvents(events);
		await storage.appendEvents([]);
		const paged: string[] = [];
		for (let before: string | undefined; ; before = paged.at(-1)) {
			const page = await storage.listEvents("ada", before === undefined ? { limit: 7 } : { limit: 7, before });
			expect(page.length).toBeLessThanOrEqual(7);
			if (page.length === 0) break;
			paged.push(...page.map(({ id }) => id));
		}
		expect(paged).toEqual(events.map(({ id }) => id).reverse());
	});

	it("pages through the events of some types only", async () => {
		const { storage } = context;
		const events = Array.from({ length: 30 }, (_, i) => newEvent({ userId: "ada", type: `type-${i % 3}` }));
		await storage.appendEvents([...events, newEvent({ userId: "bob", type: "type-1" })]);
		const types = ["type-1", "type-2", "type-9"];
		const paged: string[] = [];
		for (let before: string | undefined; ; before = paged.at(-1)) {
			const page = await storage.listEvents("ada", { limit: 7, types, ...(before !== undefined && { before }) });
			if (page.length === 0) break;
			paged.push(...page.map(({ id }) => id));
		}
		expect(paged).toEqual(
			events
				.filter(({ type }) => types.includes(type))
				.map(({ id }) => id)
				.reverse(),
		);
		expect(await storage.listEvents("ada", { limit: 7, types: [] })).toEqual([]);
	});

	it("records all of the events or none", async () => {
		const { storage, store } = context;
		const known = newEvent();
		await storage.appendEvents([known]);
		const before = await store.countRows();
		const many = Array.from({ length: 50 }, () => newEvent());
		await expect(storage.appendEvents([newEvent(), known])).rejects.toThrow();
		await expect(storage.appendEvents([...many, known])).rejects.toThrow();
		expect(await store.countRows()).toEqual(before);
	});
}
