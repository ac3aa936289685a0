/** The engine on a database that is there already, and requests of the people in it. */
import { createEngine } from "../../packages/latchkey/src/lib/auth.ts";
import { deriveKeyRing } from "../../packages/latchkey/src/lib/crypto/keys.ts";
import { Throttle } from "../../packages/latchkey/src/lib/http/throttle.ts";
import { password } from "../../packages/latchkey/src/lib/passwords/password.ts";
import { get, origin, send } from "../lib/engine.mjs";
import { goodPassword, secret } from "../lib/people.mjs";
import { sealedPassword, secretOf, userId } from "./people.mjs";

/**
 * `auth` as an application has it, and `asking`, to which nothing is answered from memory. Neither does anything by itself, and both are
 * on the store that is measured: what another connection writes would empty the caches of this one.
 */
export async function openEngines({ database, storage }) {
	const [auth, asking] = [0, 1].map(() =>
		createEngine({ methods: [password()], url: origin, secret, database, trustedProxies: 1, logger: () => {} }),
	);
	const engines = [await auth.engine(), await asking.engine()];
	await engines[0].storage.close();
	// Whoever does not say which generation they hold is not answered from memory.
	const stores = [storage, { ...storage, readSession: (secretHash) => storage.readSession(secretHash) }];
	for (const [index, engine] of engines.entries()) {
		engine.storage = stores[index];
		engine.throttle = new Throttle(storage, deriveKeyRing(engine.settings.secrets, "throttle"));
		engine.stopUpkeep();
		await engine.sender.stop();
		// What it would write later, somebody else's turn would pay for.
		engine.activity = { note() {}, flush: async () => {} };
	}
	return { auth, asking, engines };
}

/** What the browser of this person sends. */
export function requestOf(database, number, send = get) {
	const now = Date.now();
	const session = { userId: userId(number), generation: 1, expiresAt: now + 1e9, authTime: now, amr: ["pwd"] };
	return send("/", cookieOf(database, session, secretOf(number)));
}

export function cookieOf({ engines: [{ tokens }] }, session, sessionSecret) {
	return { cookie: `session=${tokens.mint(session, sessionSecret, Date.now())}` };
}

/** A request that somebody sends from an address of their own, so that no limit is reached. */
export function fromAnywhere(method, path, body, headers = {}) {
	const address = Array.from({ length: 4 }, () => 1 + Math.floor(Math.random() * 200)).join(".");
	return send(method, path, body, { ...headers, origin, "x-forwarded-for": address });
}

/** Gives these people a password that they can sign in with. */
export async function givePasswords({ engines: [{ hasher }], storage }, numbers) {
	for (const number of numbers) {
		const to = await hasher.hash(userId(number), goodPassword);
		await storage.resealPassword({ userId: userId(number), version: 1, from: sealedPassword, to });
	}
}
