import { expect, it } from "vitest";
import { ada, openTestAuth } from "../../test/harness.ts";

it("serves nobody for another host while AUTH_URL is loopback, over no way in", async () => {
	const auth = openTestAuth();
	const request = { headers: new Headers({ host: "shop.example.com", "sec-fetch-site": "same-origin" }) };
	await expect(auth.readSession(request)).rejects.toMatchObject({ code: "misconfigured" });
	await expect(auth.signIn(request, ada)).rejects.toMatchObject({ code: "misconfigured" });
	await expect(auth.endSession(request)).rejects.toMatchObject({ code: "misconfigured" });
});
