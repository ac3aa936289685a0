import * as z from "zod";
import { carriesForm } from "../http/handle-request.ts";
import { refusal } from "../http/responses.ts";
import { type Route, route } from "../http/route.ts";
import { isRecent } from "../sessions/recent-proof.ts";
import { type Connection, disconnect, listConnections } from "./connections.ts";
import { answerStart, startErrors, startedSchema } from "./oauth-routes.ts";
import { requireProvider } from "./providers.ts";
import { startOAuth } from "./start-oauth.ts";

const connectionSchema = z.object({
	id: z.string(),
	provider: z.string().nullable(),
	name: z.string(),
	label: z.string().nullable(),
	connectedAt: z.iso.datetime(),
	usedAt: z.iso.datetime().nullable(),
	removable: z.boolean(),
}) satisfies z.ZodType<Connection>;

const list = route({
	method: "GET",
	path: "/identities",
	summary: "The accounts at providers that sign in to this one, and the providers that can be connected.",
	access: "signed-in",
	responses: {
		200: z.object({
			connections: z.array(connectionSchema),
			providers: z.array(z.object({ id: z.string(), name: z.string() })),
		}),
	},
	async handle({ engine, current }) {
		return { status: 200, body: await listConnections(engine, current) };
	},
});

const connect = route({
	method: "POST",
	path: "/identities",
	summary: "Begin to connect an account at a provider, after a recent proof. Only this very session can finish it.",
	access: "signed-in",
	media: "either",
	body: z.object({ provider: z.string().max(32), next: z.string().max(4096).optional() }),
	responses: { 200: startedSchema, 303: z.undefined() },
	errors: ["reauthentication_required", ...startErrors],
	async handle({ engine, visitor, current, body: { provider: id, next } }) {
		const { connections, reauthenticate } = engine.options.pages;
		if (!isRecent(current)) {
			if (!carriesForm(visitor)) throw refusal({ code: "reauthentication_required" });
			const location = `${reauthenticate}?next=${encodeURIComponent(connections)}`;
			return { status: 303, body: undefined, headers: { location } };
		}
		const purpose = { kind: "link" as const, userId: current.user.id, sessionId: current.session.id };
		return answerStart(engine, visitor, { provider: id, next, kind: "link" }, () =>
			startOAuth(engine, visitor, requireProvider(engine, id), { next, fallback: connections, purpose }),
		);
	},
});

const reauthenticate = route({
	method: "POST",
	path: "/reauthentication/{provider}",
	summary: "Begin to prove again who you are at a connected provider. Only this very session can finish it.",
	access: "signed-in",
	media: "either",
	body: z.object({ next: z.string().max(4096).optional() }),
	responses: { 200: startedSchema, 303: z.undefined() },
	errors: startErrors,
	async handle({ engine, visitor, current, body: { next }, params }) {
		const purpose = { kind: "reauthenticate" as const, userId: current.user.id, sessionId: current.session.id };
		const fallback = engine.options.pages.afterSignIn;
		return answerStart(engine, visitor, { provider: params.provider!, next, kind: "reauthenticate" }, () =>
			startOAuth(engine, visitor, requireProvider(engine, params.provider!), { next, fallback, purpose }),
		);
	},
});

const remove = route({
	method: "DELETE",
	path: "/identities/{id}",
	summary:
		"Disconnect an account at a provider, after a recent proof, and end the other sessions that began by it. Never the last way in.",
	access: "recent",
	responses: { 200: z.object({ message: z.string(), ended: z.int() }) },
	errors: ["not_found", "last_way_in"],
	async handle({ engine, visitor, current, params }) {
		const result = await disconnect(engine, visitor, current, params.id!);
		if (!result.ok) throw refusal(result);
		return { status: 200, body: { message: "Disconnected", ended: result.ended } };
	},
});

export const identityRoutes: readonly Route[] = [list, connect, reauthenticate, remove];
