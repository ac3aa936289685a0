import type { EndSessionsOfProvider } from "../oauth-storage.ts";
import type { Storage } from "../storage.ts";
import { minute, newUser, signIn } from "./fixtures.ts";
import { first, identityOf, isLive, isLogged, loggedEvent, second, signUp, type Write, whichOf } from "./write.ts";

/** Writes to what the port keeps of outside providers. */
export const providerWrites = {
	linkIdentity: {
		prepare: (storage, id) => storage.createUser(newUser(id, { id })),
		write: (storage, id) =>
			storage.linkIdentity({ ...kept(id), label: null, verifiedEmail: null, epoch: null, events: loggedEvent(id) }),
		async isStored(storage, id) {
			const found = [(await storage.listIdentities(id)).length, await isLogged(storage, id)];
			return whichOf(id, { before: [0, false], after: [1, true] }, found);
		},
	},

	unlinkIdentity: {
		prepare: async (storage, id) => {
			await signUpWithTokens(storage, id);
			await beginThere(storage, id);
		},
		write: (storage, id) =>
			storage.unlinkIdentity({
				...kept(id),
				usableProviders: ["p"],
				keepSessionId: first(id),
				events: loggedEvent(id),
			}),
		async isStored(storage, id) {
			const found = [
				(await storage.listIdentities(id)).length,
				(await tokensOf(storage, id)) !== null,
				await isLive(storage, first(id)),
				await isLive(storage, second(id)),
				await isLogged(storage, id),
			];
			return whichOf(id, { before: [1, true, true, true, false], after: [0, false, true, false, true] }, found);
		},
	},

	endSessionsOfProvider: {
		prepare: async (storage, id) => {
			await signUp(storage, id);
			await beginThere(storage, id);
		},
		write: (storage, id) => storage.endSessionsOfProvider(endingOf(id)),
		async isStored(storage, id) {
			// The same word, for nobody: whether it was believed before is all that it tells.
			const nobody = { ...endingOf(id).ended, subject: "nobody" };
			const outcome = await storage.endSessionsOfProvider({ ...endingOf(id), ended: nobody, events: [] });
			const found = [await isLive(storage, second(id)), outcome, await isLogged(storage, id)];
			return whichOf(id, { before: [true, "ended", false], after: [false, "repeated", true] }, found);
		},
	},

	keepProviderTokens: {
		prepare: signUp,
		write: keepTokens,
		async isStored(storage, id) {
			const [identity] = await storage.listIdentities(id);
			const tokens = await tokensOf(storage, id);
			const found = [identity!.label, identity!.usedAt !== null, tokens?.sealed, tokens?.version];
			return whichOf(id, { before: [null, false, undefined, undefined], after: ["x", true, "sealed 1", 1] }, found);
		},
	},

	claimRefresh: {
		prepare: signUpWithTokens,
		write: (storage, id) => storage.claimRefresh({ ...identityOf(id), version: 1, leaseMs: 1000 * minute }),
		isStored: async (storage, id) => (await tokensOf(storage, id))!.refreshingUntil > 0,
	},

	replaceProviderTokens: {
		prepare: async (storage, id) => {
			await signUpWithTokens(storage, id);
			await storage.claimRefresh({ ...identityOf(id), version: 1, leaseMs: 1000 * minute });
		},
		write: (storage, id) =>
			storage.replaceProviderTokens({ ...identityOf(id), version: 1, sealed: "sealed 2", expiresInMs: null }),
		async isStored(storage, id) {
			const { sealed, version, refreshingUntil } = (await tokensOf(storage, id))!;
			const found = [sealed, version, refreshingUntil > 0];
			return whichOf(id, { before: ["sealed 1", 1, true], after: ["sealed 2", 2, false] }, found);
		},
	},
} as const satisfies Partial<Record<keyof Storage, Write>>;

async function beginThere(storage: Storage, id: string): Promise<void> {
	const began = { ...identityOf(id), providerSession: null };
	await storage.createSession(signIn(id, { id: second(id), secret: second(id), began }));
}

function endingOf(id: string): EndSessionsOfProvider {
	return {
		ended: { ...identityOf(id), providerSession: null },
		once: { key: `word of ${id}`, lifetimeMs: 1000 * minute },
		sessionIds: [second(id)],
		events: loggedEvent(id).map((event) => ({ ...event, sessionId: second(id) })),
	};
}

function kept(id: string) {
	return { ...identityOf(id), userId: id, provider: "p" };
}

function keepTokens(storage: Storage, id: string): Promise<boolean> {
	return storage.keepProviderTokens({ ...kept(id), label: "x", sealed: "sealed 1", expiresInMs: minute });
}

async function signUpWithTokens(storage: Storage, id: string): Promise<void> {
	await signUp(storage, id);
	await keepTokens(storage, id);
}

function tokensOf(storage: Storage, id: string) {
	return storage.findProviderTokens({ userId: id, provider: "p" });
}
