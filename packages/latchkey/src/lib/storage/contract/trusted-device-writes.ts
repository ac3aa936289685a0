import type { Storage } from "../storage.ts";
import { day, newTrustedDevice, rotation, sha256 } from "./fixtures.ts";
import { isLogged, loggedEvent, signUp, type Write, whichOf } from "./write.ts";

/** Writes to the devices that a second step need not be asked for on. */
export const trustedDeviceWrites = {
	addTrustedDevice: {
		prepare: signUp,
		write: (storage, id) => storage.addTrustedDevice({ ...deviceOf(id), events: loggedEvent(id) }),
		isStored: async (storage, id) =>
			whichOf(id, { before: [0, false], after: [1, true] }, [
				(await storage.listTrustedDevices(id)).length,
				await isLogged(storage, id),
			]),
	},

	rotateTrustedDevice: {
		prepare: signUpWithDevice,
		write: (storage, id) => storage.rotateTrustedDevice(next(id)),
		// The next token rotates it on only if the first one did.
		isStored: async (storage, id) =>
			(await storage.rotateTrustedDevice({
				...next(id),
				tokenHash: sha256(`next token of ${id}`),
				nextTokenHash: sha256(`last token of ${id}`),
				graceMs: day,
			})) !== null,
	},

	forgetTrustedDevice: {
		prepare: signUpWithDevice,
		write: (storage, id) => storage.forgetTrustedDevice({ userId: id, id, events: loggedEvent(id) }),
		isStored: async (storage, id) =>
			whichOf(id, { before: [1, false], after: [0, true] }, [
				(await storage.listTrustedDevices(id)).length,
				await isLogged(storage, id),
			]),
	},
} as const satisfies Partial<Record<keyof Storage, Write>>;

function deviceOf(id: string) {
	return newTrustedDevice(id, { id });
}

function next(id: string) {
	return rotation(deviceOf(id), `next token of ${id}`);
}

async function signUpWithDevice(storage: Storage, id: string): Promise<void> {
	await signUp(storage, id);
	await storage.addTrustedDevice(deviceOf(id));
}
