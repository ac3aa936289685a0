import { expect, it } from "vitest";
import { openTestAuth } from "../../test/harness.ts";

it("listens for the end of the process once, however many engines are open", async () => {
	await openTestAuth().open();
	const listeners = process.listenerCount("exit");
	for (let engine = 0; engine < 12; engine++) await openTestAuth().open();
	expect(process.listenerCount("exit")).toBe(listeners);
});
