import type { Engine } from "../engine.ts";
import { AuthError } from "../errors.ts";
import type { EventQuery } from "../events/event-log.ts";
import type { Factors } from "../factors/manage-factors.ts";
import type { PasskeyList } from "../passkeys/manage-passkeys.ts";
import type { ResolvedSession } from "../sessions/resolve-session.ts";
import type { CurrentRequest } from "./current-session.ts";
import { protectRequest } from "./protect-request.ts";

/** What pages show somebody of their own account. Whoever is not signed in is sent to sign in. */
export function accountPages(request: () => Promise<CurrentRequest>) {
	return {
		devices: async ({ before }: { before?: string } = {}) => {
			const { engine, current } = await protectRequest(request, {});
			const { listDevices } = await import("../sessions/devices.ts");
			return listDevices(engine, current, before);
		},
		trustedDevices: async () => {
			const { engine, visitor, current } = await protectRequest(request, {});
			const { listTrustedDevices } = await import("../devices/trusted-device.ts");
			return listTrustedDevices(engine, visitor, current);
		},
		events: async (query: EventQuery = {}) => {
			const { engine, current } = await protectRequest(request, {});
			const { listEvents } = await import("../events/event-log.ts");
			return listEvents(engine, current, query);
		},
		connections: async () => {
			const { engine, current } = await protectRequest(request, {});
			const { listConnections } = await import("../oauth/connections.ts");
			return listConnections(engine, current);
		},
		factors: async () => {
			const { engine, current } = await protectRequest(request, {});
			return ownFactors(engine, current);
		},
	};
}

async function ownFactors(engine: Engine, current: ResolvedSession): Promise<Factors & PasskeyList> {
	const { readFactors } = await import("../factors/manage-factors.ts");
	const { listPasskeys } = await import("../passkeys/manage-passkeys.ts");
	const [factors, list] = await Promise.all([readFactors(engine, current.user), listPasskeys(engine, current)]);
	if (factors === null) throw new AuthError("not_authenticated");
	return { ...factors, ...list };
}
