import { describe, expect, it } from "vitest";
import { ada, openTestAuth, signedUp } from "../../../test/harness.ts";

describe("the session resource", () => {
	it("signs up, says who is signed in, refreshes, signs out and signs in again", async () => {
		const auth = openTestAuth();
		const browser = auth.browser();
		const signedUp = await browser.post("/api/auth/sign-up", ada);
		expect(signedUp.status).toBe(201);
		expect(signedUp.body).toMatchObject({ message: "Registered", user: { email: ada.email, name: ada.name } });

		expect((await browser.get("/api/auth")).body).toMatchObject({ authenticated: true, user: { email: ada.email } });
		expect((await browser.post("/api/auth/refresh")).body).toMatchObject({ message: "Refreshed" });

		const signedOut = await browser.delete("/api/auth");
		expect(signedOut.body).toEqual({ message: "Signed out" });
		expect([...browser.cookies.keys()]).toEqual(["device"]);
		expect((await browser.get("/api/auth")).body).toEqual({ authenticated: false, user: null, session: null });

		const signedIn = await browser.post("/api/auth", { identifier: "ADA@Example.com", password: ada.password });
		expect(signedIn.status).toBe(200);
		expect(signedIn.body).toMatchObject({ message: "Authenticated", user: { email: ada.email } });
	});

	it("answers a wrong password and an unknown account alike", async () => {
		const auth = openTestAuth();
		await signedUp(auth);
		const wrong = await auth.browser().post("/api/auth", { email: ada.email, password: "not the password" });
		const unknown = await auth.browser().post("/api/auth", { email: "bob@example.com", password: "not the password" });
		expect(wrong.status).toBe(401);
		expect(wrong.body).toEqual({ error: "Invalid credentials", code: "invalid_credentials" });
		expect(unknown.body).toEqual(wrong.body);
		expect([...unknown.headers]).toEqual([...wrong.headers]);
	});
});
