import type { Storage } from "../storage.ts";
import { newTrustedDevice, rotation, sha256 } from "./fixtures.ts";
import { isLogged, loggedEvent, signUp, type Write, whichOf } from "./write.ts";

const token = { tokenHash: sha256("first") };

/** Writes to devices that a second step need not be asked for on. */
export const trustedDeviceWrites = {
	addTrustedDevice: {
		prepare: signUp,
		write: (storage, id) => storage.addTrustedDevice(newTrustedDevice(id, { id, ...token, events: loggedEvent(id) })),
		isStored: async (storage, id) =>
			whichOf(id, { before: [0, false], after: [1, true] }, [await count(storage, id), await isLogged(storage, id)]),
	},

	rotateTrustedDevice: {
		prepare: trusting,
		write: (storage, id) => storage.rotateTrustedDevice(rotation({ id, userId: id, ...token })),
		async isStored(storage, id) {
			const [device] = await storage.listTrustedDevices(id);
			const isNext = await storage.rotateTrustedDevice(rotation({ id, userId: id, tokenHash: sha256("next") }, "next"));
			const found = [device?.userAgent, isNext !== null];
			return whichOf(id, { before: ["Test/1", false], after: ["Test/2", true] }, found);
		},
	},

	forgetTrustedDevice: {
		prepare: trusting,
		write: (storage, id) => storage.forgetTrustedDevice({ userId: id, id, events: loggedEvent(id) }),
		isStored: async (storage, id) =>
			whichOf(id, { before: [1, false], after: [0, true] }, [await count(storage, id), await isLogged(storage, id)]),
	},
} as const satisfies Partial<Record<keyof Storage, Write>>;

async function trusting(storage: Storage, id: string): Promise<void> {
	await signUp(storage, id);
	await storage.addTrustedDevice(newTrustedDevice(id, { id, ...token }));
}

async function count(storage: Storage, userId: string): Promise<number> {
	return (await storage.listTrustedDevices(userId)).length;
}
