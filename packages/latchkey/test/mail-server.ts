import { once } from "node:events";
import type { AddressInfo } from "node:net";
import PostalMime, { type Email } from "postal-mime";
import { SMTPServer } from "smtp-server";
import { afterEach } from "vitest";

export interface Delivered {
	envelope: { from: string; to: string[] };
	raw: string;
	email: Email;
}

export interface MailServer {
	url: string;
	delivered: Delivered[];
	/** Refuses recipients with this answer from now on. */
	refuse(code: number | null): void;
}

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
	for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** A mail server of its own, which takes everything and keeps it. */
export async function startMailServer(): Promise<MailServer> {
	const delivered: Delivered[] = [];
	let refusal: number | null = null;
	const server = new SMTPServer({
		authOptional: true,
		disabledCommands: ["STARTTLS", "AUTH"],
		onRcptTo({ address }, _session, callback) {
			if (refusal === null) return callback();
			callback(Object.assign(new Error(`no mailbox for ${address}`), { responseCode: refusal }));
		},
		async onData(stream, { envelope }, callback) {
			const chunks: Buffer[] = [];
			for await (const chunk of stream) chunks.push(chunk);
			const raw = Buffer.concat(chunks).toString("utf8");
			const from = envelope.mailFrom === false ? "" : envelope.mailFrom.address;
			const to = envelope.rcptTo.map(({ address }) => address);
			delivered.push({ envelope: { from, to }, raw, email: await PostalMime.parse(raw) });
			callback();
		},
	});
	server.on("error", () => {});
	server.listen(0, "127.0.0.1");
	await once(server.server, "listening");
	cleanups.push(() => new Promise<void>((resolve) => server.close(resolve)));
	const { port } = server.server.address() as AddressInfo;
	return { url: `smtp://127.0.0.1:${port}`, delivered, refuse: (code) => (refusal = code) };
}
