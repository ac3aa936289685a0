import { describe, expect, it } from "vitest";
import { ada, openBeside, openTestAuth, signedUp } from "../../../test/harness.ts";
import { gate } from "../../../test/instruments.ts";
import type { MailMessage } from "./mail-message.ts";

function ask(auth: ReturnType<typeof openTestAuth>, email = ada.email) {
	return auth.browser().post("/api/auth/password-resets", { email });
}

describe("the sender", () => {
	it("is woken by what is written, after the answer and never in its way", async () => {
		const { pass, reached, open } = gate();
		const sent: MailMessage[] = [];
		const auth = openTestAuth({
			mail: {
				async send(message) {
					await pass();
					sent.push(message);
				},
			},
		});
		await signedUp(auth);
		expect((await ask(auth)).status).toBe(202);
		await reached;
		expect((await auth.browser().get("/api/auth")).status).toBe(200);
		expect(sent).toEqual([]);
		open();
		await expect.poll(() => sent.length).toBe(1);
		expect(sent[0]).toMatchObject({ kind: "password_reset", to: ada.email, from: "no-reply@localhost" });
	});

	it("sends each message once, however many senders there are", async () => {
		const sent: string[] = [];
		const mail = { send: async ({ to }: MailMessage) => void sent.push(to) };
		const auth = openTestAuth({ mail });
		const others = [1, 2, 3].map(() => openBeside(auth, { mail }));
		const engines = await Promise.all([auth, ...others].map((each) => each.engine()));
		for (let person = 0; person < 30; person++) await ask(auth, `person${person}@example.com`);
		await Promise.all(engines.map(({ sender }) => sender.flush()));
		expect(sent.toSorted()).toEqual(Array.from({ length: 30 }, (_, index) => `person${index}@example.com`).toSorted());
	});

	it("sends what a process left behind that died over it", async () => {
		const { pass, open } = gate();
		const first = openTestAuth({ mail: { send: pass } });
		await signedUp(first);
		await ask(first);
		const sent: MailMessage[] = [];
		const second = openBeside(first, { mail: { send: async (message) => void sent.push(message) } });
		const { sender } = await second.engine();
		await sender.flush();
		expect(sent).toEqual([]);
		first.clock.advance({ minutes: 2 });
		await sender.flush();
		expect(sent).toHaveLength(1);
		open();
	});

	it("takes the words of the application where it brings its own", async () => {
		const sent: MailMessage[] = [];
		const auth = openTestAuth({
			mail: {
				send: async (message) => void sent.push(message),
				templates: {
					password_reset: ({ site, link }) => ({
						subject: `${site}: <new> password`,
						blocks: [{ type: "link", text: "Here & now:", url: link }],
					}),
				},
			},
		});
		await signedUp(auth);
		await ask(auth);
		await (await auth.engine()).sender.flush();
		expect(sent[0]!.subject).toBe("localhost: <new> password");
		expect(sent[0]!.text).toMatch(/^Here & now:\nhttp:\/\/localhost:3000\/api\/auth\/mail-links\/[\w-]+\n$/);
		expect(sent[0]!.html).toContain("<title>localhost: &#60;new&#62; password</title>");
	});

	it("says once that there is no way to send, and lets messages wait", async () => {
		const auth = openTestAuth({ url: "https://example.com" });
		expect(
			(await auth.browser({ origin: "https://example.com" }).post("/api/auth/password-resets", { email: ada.email }))
				.status,
		).toBe(202);
		const { sender, storage, mailbox } = await auth.engine();
		await sender.flush();
		expect(auth.logged.filter(({ event }) => event === "mail_off")).toHaveLength(1);
		expect(mailbox.list()).toEqual([]);
		expect(await storage.claimMails({ limit: 9, leaseMs: 1 })).toHaveLength(1);
	});
});
