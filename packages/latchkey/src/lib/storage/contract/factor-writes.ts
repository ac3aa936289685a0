import type { Storage } from "../storage.ts";
import { counter, day, newPasskey, newTotp, nothingToSettle, sha256 } from "./fixtures.ts";
import {
	first,
	isLive,
	isLogged,
	loggedEvent,
	second,
	secondSession,
	signInTwice,
	signUp,
	type Write,
	whichOf,
} from "./write.ts";

/** Writes to passkeys, authenticator apps and recovery codes. */
export const factorWrites = {
	addTotp: {
		prepare: signUp,
		write: (storage, id) => addTotp(storage, id, { events: loggedEvent(id) }),
		async isStored(storage, id) {
			const { totp, recoveryCodes } = (await storage.readFactors(id))!;
			const sessions = [await isLive(storage, first(id)), await isLive(storage, second(id))];
			const found = [totp !== null, recoveryCodes, ...sessions, await isLogged(storage, id)];
			return whichOf(id, { before: [false, 0, true, false, false], after: [true, 2, false, true, true] }, found);
		},
	},

	recordTotpUse: {
		prepare: signUpWithTotp,
		write: (storage, id) =>
			storage.recordTotpUse({ userId: id, sealed: "$sealed$totp", step: 1001, resealed: "resealed" }),
		async isStored(storage, id) {
			const { lastStep, sealed, lastUsedAt } = (await storage.readFactors(id))!.totp!;
			const found = [lastStep, sealed, lastUsedAt !== null];
			return whichOf(id, { before: [1000, "$sealed$totp", false], after: [1001, "resealed", true] }, found);
		},
	},

	renameTotp: {
		prepare: signUpWithTotp,
		write: (storage, id) => storage.renameTotp({ userId: id, name: "renamed", events: loggedEvent(id) }),
		async isStored(storage, id) {
			const found = [(await storage.readFactors(id))!.totp!.name, await isLogged(storage, id)];
			return whichOf(id, { before: [null, false], after: ["renamed", true] }, found);
		},
	},

	forgetAttempts: {
		async prepare(storage, id) {
			await signUp(storage, id);
			await storage.increment([counter(id, { limit: 1, windowMs: day })]);
		},
		write: (storage, id) => storage.forgetAttempts({ keys: [id], events: loggedEvent(id) }),
		async isStored(storage, id) {
			const [state] = await storage.increment([counter(id, { limit: 1, windowMs: day })]);
			const found = [state!.accepted, await isLogged(storage, id)];
			return whichOf(id, { before: [false, false], after: [true, true] }, found);
		},
	},

	removeTotp: {
		prepare: signUpWithTotp,
		write: (storage, id) => storage.removeTotp(change(id, second(id))),
		isStored: async (storage, id) => {
			const { totp, recoveryCodes } = (await storage.readFactors(id))!;
			const { epoch } = (await storage.readSession(sha256(second(id))))!.session;
			const found = [totp !== null, recoveryCodes, epoch, await isLogged(storage, id)];
			return whichOf(id, { before: [true, 2, 2, false], after: [false, 0, 3, true] }, found);
		},
	},

	replaceRecoveryCodes: {
		prepare: signUpWithTotp,
		write: (storage, id) => {
			const codeHashes = ["a", "b", "c"].map((name) => sha256(`${name} of ${id}`));
			return storage.replaceRecoveryCodes({
				userId: id,
				epoch: 2,
				codeHashes,
				settle: nothingToSettle,
				events: loggedEvent(id),
			});
		},
		async isStored(storage, id) {
			const { recoveryCodes } = (await storage.readFactors(id))!;
			const old = await storage.consumeRecoveryCode({ userId: id, codeHash: sha256(first(id)) });
			return whichOf(id, { before: [2, true, false], after: [3, false, true] }, [
				recoveryCodes,
				old,
				await isLogged(storage, id),
			]);
		},
	},

	consumeRecoveryCode: {
		prepare: signUpWithTotp,
		write: (storage, id) => storage.consumeRecoveryCode({ userId: id, codeHash: sha256(first(id)) }),
		isStored: async (storage, id) =>
			whichOf(id, { before: [2], after: [1] }, [(await storage.readFactors(id))!.recoveryCodes]),
	},

	addPasskey: {
		prepare: signUp,
		write: (storage, id) => addPasskey(storage, id, loggedEvent(id)),
		async isStored(storage, id) {
			const { passkeys } = (await storage.findCredentialsOfUser(id))!.factors;
			const found = [(await storage.findPasskey(id)) !== null, passkeys, await isLogged(storage, id)];
			return whichOf(id, { before: [false, 0, false], after: [true, 1, true] }, found);
		},
	},

	recordPasskeyUse: {
		prepare: signUpWithPasskey,
		write: (storage, id) => storage.recordPasskeyUse({ id, counter: 7, backedUp: true }),
		async isStored(storage, id) {
			const { counter, backedUp, lastUsedAt } = (await storage.findPasskey(id))!;
			const found = [counter, backedUp, lastUsedAt !== null];
			return whichOf(id, { before: [0, false, false], after: [7, true, true] }, found);
		},
	},

	renamePasskey: {
		prepare: signUpWithPasskey,
		write: (storage, id) => storage.renamePasskey({ userId: id, id, name: "renamed", events: loggedEvent(id) }),
		async isStored(storage, id) {
			const { name } = (await storage.findPasskey(id))!;
			const found = [name === "renamed", await isLogged(storage, id)];
			return whichOf(id, { before: [false, false], after: [true, true] }, found);
		},
	},

	removePasskey: {
		prepare: async (storage, id) => {
			await signInTwice(storage, id);
			await addPasskey(storage, id, []);
			await storage.replaceRecoveryCodes({
				userId: id,
				epoch: 1,
				codeHashes: [sha256(first(id))],
				settle: nothingToSettle,
				events: [],
			});
		},
		write: (storage, id) => storage.removePasskey({ ...change(id, first(id)), id, usableProviders: [] }),
		async isStored(storage, id) {
			const { passkeys, recoveryCodes } = (await storage.findCredentialsOfUser(id))!.factors;
			const isThere = (await storage.findPasskey(id)) !== null;
			const found = [isThere, passkeys, recoveryCodes, await isLive(storage, second(id)), await isLogged(storage, id)];
			return whichOf(id, { before: [true, 1, 1, true, false], after: [false, 0, 0, false, true] }, found);
		},
	},

	switchSecondStep: {
		prepare: async (storage, id) => {
			await signInTwice(storage, id);
			await addPasskey(storage, id, []);
		},
		write: (storage, id) => storage.switchSecondStep({ ...change(id, first(id)), on: true }),
		async isStored(storage, id) {
			const { secondStep } = (await storage.readFactors(id))!;
			const found = [secondStep, await isLive(storage, second(id)), await isLogged(storage, id)];
			return whichOf(id, { before: [false, true, false], after: [true, false, true] }, found);
		},
	},

	addPassword: {
		prepare: async (storage, id) => {
			await signInTwice(storage, id, { password: null });
			await addPasskey(storage, id, []);
		},
		write: (storage, id) => storage.addPassword({ ...change(id, first(id)), sealed: "chosen" }),
		async isStored(storage, id) {
			const { password } = (await storage.findCredentialsOfUser(id))!;
			const found = [password?.sealed ?? null, await isLive(storage, second(id)), await isLogged(storage, id)];
			return whichOf(id, { before: [null, true, false], after: ["chosen", false, true] }, found);
		},
	},
} as const satisfies Partial<Record<keyof Storage, Write>>;

type Events = Parameters<Storage["addTotp"]>[0]["events"];

function addTotp(storage: Storage, id: string, { events }: { events: Events }) {
	const recoveryCodeHashes = [first(id), second(id)].map(sha256);
	return storage.addTotp(newTotp(id, { recoveryCodeHashes, session: secondSession(id), events }));
}

/** Somebody whose app ended the first session and opened the second. */
async function signUpWithTotp(storage: Storage, id: string): Promise<void> {
	await signUp(storage, id);
	await addTotp(storage, id, { events: [] });
}

async function addPasskey(storage: Storage, id: string, events: Events): Promise<void> {
	await storage.addPasskey({ passkey: newPasskey(id, { id, credentialId: id }), epoch: 1, limit: 5, events });
}

async function signUpWithPasskey(storage: Storage, id: string): Promise<void> {
	await signUp(storage, id);
	await addPasskey(storage, id, []);
}

function change(id: string, keepSessionId: string) {
	return { userId: id, keepSessionId, events: loggedEvent(id) };
}
