import type { Storage } from "../storage.ts";
import { day, hour, newEvent, nothingToSettle, sha256 } from "./fixtures.ts";
import {
	claimsIn,
	emailOf,
	first,
	identityOf,
	isInOutbox,
	isLive,
	isLogged,
	loggedEvent,
	longMail,
	messageOf,
	signUp,
	type Write,
	whichOf,
} from "./write.ts";

/** Writes to the outbox, and what a mailbox proves. */
export const mailWrites = {
	claimMails: {
		prepare: post,
		write: (storage) => storage.claimMails({ limit: 50, leaseMs: day }),
		async isStored(storage, _id, claims) {
			await claimWhatIsDue(storage);
			const held = await Promise.all(claims.map((claim) => storage.postponeMail({ ...claim, waitMs: day })));
			return held.every(Boolean);
		},
	},

	finishMail: {
		prepare: claimOne,
		write: (storage, _id, [claim]) => storage.finishMail(claim!),
		isStored: async (storage, _id, [claim]) => !(await isInOutbox(storage, claim!.id)),
	},

	postponeMail: {
		prepare: claimOne,
		write: (storage, _id, [claim]) => storage.postponeMail({ ...claim!, waitMs: 0 }),
		// What is due is claimed once more, and then the first claim is none.
		async isStored(storage, _id, [claim]) {
			await claimWhatIsDue(storage);
			return !(await storage.postponeMail({ ...claim!, waitMs: day }));
		},
	},

	replaceToken: {
		prepare: (storage, id) => storage.putToken(link(id, "password-reset", first(id))),
		write: (storage, id) => storage.replaceToken({ token: link(id, "password-reset"), events: loggedEvent(id) }),
		async isStored(storage, id) {
			const found = [
				await isGood(storage, "password-reset", first(id)),
				await isGood(storage, "password-reset", id),
				await isLogged(storage, id),
			];
			return whichOf(id, { before: [true, false, false], after: [false, true, true] }, found);
		},
	},

	dropTokens: {
		prepare: (storage, id) => storage.putToken(link(id, "email-change")),
		write: (storage, id) => storage.dropTokens({ purpose: "email-change", subject: id, events: loggedEvent(id) }),
		async isStored(storage, id) {
			const found = [await isGood(storage, "email-change", id), await isLogged(storage, id)];
			return whichOf(id, { before: [true, false], after: [false, true] }, found);
		},
	},

	proveEmail: {
		prepare: signUpWithLinks,
		write: (storage, id) =>
			storage.proveEmail({ userId: id, canonical: emailOf(id), stranger: true, events: loggedEvent(id) }),
		async isStored(storage, id) {
			const { user, password } = (await storage.findCredentialsOfUser(id))!;
			const found = [user.emailVerifiedAt !== null, password === null, ...(await whatIsLeft(storage, id))];
			return whichOf(id, { before: [false, false, ...asBefore], after: [true, true, ...noneIsLeft] }, found);
		},
	},

	resetPassword: {
		prepare: signUpWithLinks,
		write: (storage, id) =>
			storage.resetPassword({
				userId: id,
				canonical: emailOf(id),
				token: link(id, "password-reset"),
				sealed: "reset",
				settle: nothingToSettle,
				events: loggedEvent(id),
			}),
		async isStored(storage, id) {
			const { user, password } = (await storage.findCredentialsOfUser(id))!;
			const found = [user.emailVerifiedAt !== null, password?.sealed, ...(await whatIsLeft(storage, id))];
			const before = [false, `$sealed$${id}`, ...asBefore];
			return whichOf(id, { before, after: [true, "reset", ...noneIsLeft] }, found);
		},
	},

	changeEmail: {
		// The identity is linked when the token is there: whoever takes the address back has not done it.
		prepare: async (storage, id) => {
			await storage.putToken(link(id, "email-undo"));
			await signUpWithLinks(storage, id);
		},
		write: (storage, id) => {
			const email = { value: `New ${id}`, canonical: `new ${id}` };
			const token = link(id, "email-undo");
			return storage.changeEmail({
				userId: id,
				token,
				email,
				undo: { since: 0 },
				epoch: null,
				events: loggedEvent(id),
			});
		},
		async isStored(storage, id) {
			const { user, password } = (await storage.findCredentialsOfUser(id))!;
			const isUsed = !(await isGood(storage, "email-undo", id));
			const found = [user.email === `New ${id}`, password === null, isUsed, ...(await whatIsLeft(storage, id))];
			const before = [false, false, false, ...asBefore];
			return whichOf(id, { before, after: [true, true, true, ...noneIsLeft] }, found);
		},
	},

	recordFailure: {
		prepare: signUp,
		write: (storage, id) => storage.recordFailure({ userId: id, events: loggedEvent(id) }),
		async isStored(storage, id) {
			const { password } = (await storage.findCredentialsOfUser(id))!;
			const found = [password!.failures, await isLogged(storage, id)];
			return whichOf(id, { before: [0, false], after: [1, true] }, found);
		},
	},

	forgetFailures: {
		prepare: async (storage, id) => {
			await signUp(storage, id);
			await storage.recordFailure({ userId: id, events: [] });
		},
		write: (storage, id) => storage.forgetFailures(id),
		isStored: async (storage, id) => (await storage.findCredentialsOfUser(id))!.password!.failures === 0,
	},

	requestDeletion: {
		prepare: signUp,
		write: (storage, id) => storage.requestDeletion({ userId: id, afterMs: day, events: loggedEvent(id) }),
		async isStored(storage, id) {
			const isMarked = (await storage.readDeletion(id)) !== null;
			const found = [isMarked, await isLive(storage, first(id)), await isLogged(storage, id)];
			return whichOf(id, { before: [false, true, false], after: [true, false, true] }, found);
		},
	},

	undoDeletion: {
		prepare: async (storage, id) => {
			await signUp(storage, id);
			await storage.requestDeletion({ userId: id, afterMs: day, events: [] });
		},
		write: (storage, id) => storage.undoDeletion({ userId: id, events: loggedEvent(id) }),
		async isStored(storage, id) {
			const found = [(await storage.readDeletion(id)) === null, await isLogged(storage, id)];
			return whichOf(id, { before: [false, false], after: [true, true] }, found);
		},
	},
} as const satisfies Partial<Record<keyof Storage, Write>>;

async function post(storage: Storage, id: string): Promise<void> {
	await storage.appendEvents([newEvent({ id: crypto.randomUUID(), mails: [longMail(messageOf(id))] })]);
}

/** Posts a message and claims it; what somebody else claims first is left to them, and another one posted. */
async function claimOne(storage: Storage, id: string) {
	for (let count = 0; ; count++) {
		const own = `${id} ${count}`;
		await post(storage, own);
		for (;;) {
			const claims = claimsIn(await storage.claimMails({ limit: 50, leaseMs: day }));
			const found = claims.filter((claim) => claim.id === messageOf(own));
			if (found.length > 0) return found;
			if (claims.length === 0) break;
		}
	}
}

async function claimWhatIsDue(storage: Storage): Promise<void> {
	while ((await storage.claimMails({ limit: 500, leaseMs: day })).length > 0);
}

function link(id: string, purpose: string, name = id) {
	return { purpose, subject: id, tokenHash: sha256(`${purpose} ${name}`), lifetimeMs: hour, payload: null };
}

async function isGood(storage: Storage, purpose: string, name: string): Promise<boolean> {
	return (await storage.peekToken({ purpose, tokenHash: sha256(`${purpose} ${name}`) })) !== null;
}

/** Somebody with an unproven address, a linked identity, and two links under way. */
async function signUpWithLinks(storage: Storage, id: string): Promise<void> {
	await signUp(storage, id);
	await storage.putToken(link(id, "password-reset"));
	await storage.putToken(link(id, "email-change"));
}

/** The session, the identity, the links under way, and whether it is written down what took them away. */
async function whatIsLeft(storage: Storage, id: string): Promise<boolean[]> {
	return [
		await isLive(storage, first(id)),
		(await storage.findUserByIdentity(identityOf(id))) !== null,
		await isGood(storage, "password-reset", id),
		await isGood(storage, "email-change", id),
		await isLogged(storage, id),
	];
}
const asBefore = [true, true, true, true, false];
const noneIsLeft = [false, false, false, false, true];
