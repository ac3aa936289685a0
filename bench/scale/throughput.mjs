/** How much one process gets through on the larger database, with the calls of 16 people at once. */
import { newEvent, newSession, pick, secretHash, sessionId, userId } from "./people.mjs";

const atOnce = 16;

export async function measureThroughput({ users, logged = async () => null, ...database }, { quick }) {
	const storage = (await database.openForMany?.()) ?? database.storage;
	const rows = [];
	for (const [what, work] of Object.entries(loads)) {
		const before = await logged();
		const { calls, perSecond } = await run(() => work(storage, pick(users), users), quick ? 500 : 4000);
		const bytes = before === null ? "" : `, ${Math.round(((await logged()) - before) / calls)} bytes of log each`;
		rows.push({ what, figure: `${perSecond.toFixed(0)} a second${bytes}` });
	}
	if (storage !== database.storage) await storage.close();
	return { rows, notes: [`${atOnce} at once, every call for another person.`] };
}

async function run(work, milliseconds) {
	const end = performance.now() + milliseconds;
	let calls = 0;
	const begin = performance.now();
	const one = async () => {
		while (performance.now() < end) {
			await work();
			calls += 1;
		}
	};
	await Promise.all(Array.from({ length: atOnce }, one));
	return { calls, perSecond: (calls * 1000) / (performance.now() - begin) };
}

const loads = {
	"session checks that ask the database": (storage, number) => storage.readSession(secretHash(number)),
	"sign-ins' last step: a session, an event": async (storage, number) => {
		const { user } = await storage.findCredentialsOfUser(userId(number));
		await storage.createSession({
			session: { ...newSession(), userId: user.id, epoch: user.epoch },
			replaces: null,
			settle: { clear: [], giveBack: [] },
			events: [newEvent(user.id)],
		});
	},
	"renewals that move the generation": (storage, number) =>
		storage.advanceGeneration({ sessionId: sessionId(number), generation: 1, graceMs: 0 }),
	"last-seen moved, of 500 sessions each": (storage, _, users) => {
		const ids = new Set(Array.from({ length: 500 }, () => sessionId(pick(users))));
		return storage.touchSessions([...ids].map((id) => ({ sessionId: id, at: Date.now(), idleMs: null })));
	},
};
