/** The engine on a database that is there already, and requests of the people in it. */
import { createEngine } from "../../packages/latchkey/src/lib/auth.ts";
import { password } from "../../packages/latchkey/src/lib/passwords/password.ts";
import { ActivityLog } from "../../packages/latchkey/src/lib/sessions/activity.ts";
import { get, origin } from "../lib/engine.mjs";
import { secret } from "../lib/people.mjs";
import { secretOf, userId } from "./people.mjs";

/** Its store is the one that is measured: nothing is answered from memory. */
export async function openEngine({ database, storage }) {
	const auth = createEngine({ methods: [password()], url: origin, secret, database });
	const engine = await auth.engine();
	await engine.sender.stop();
	await engine.storage.close();
	Object.assign(engine, { storage, activity: new ActivityLog(storage, engine.log) });
	return { auth, engine };
}

/** What the browser of this person sends. */
export function requestOf({ engine }, number) {
	const now = Date.now();
	const session = { userId: userId(number), generation: 1, expiresAt: now + 1e9, authTime: now, amr: ["pwd"] };
	return get("/", { cookie: `session=${engine.tokens.mint(session, secretOf(number), now)}` });
}
