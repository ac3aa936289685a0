import * as z from "zod/mini";
import type { Engine } from "../engine.ts";
import { AuthError } from "../errors.ts";
import { safeRedirect } from "../http/redirect.ts";
import { route } from "../http/route.ts";
import {
	grantedAnswer,
	grantedSchema,
	messageSchema,
	pageSchema,
	sessionSchema,
	splitSession,
	userSchema,
} from "../http/schemas.ts";
import { signInAnswer, signInResponses } from "../http/sign-in-answer.ts";
import type { Visitor } from "../http/visitor.ts";
import type { Method } from "../methods/method.ts";
import { isProvider } from "../oauth/provider.ts";
import { signIn } from "../sign-in/sign-in.ts";
import { type Device, endDevice, endOtherDevices, listDevices } from "./devices.ts";
import { endCurrentSession } from "./end-session.ts";
import { renewSession } from "./renew-session.ts";
import { resolveSession } from "./resolve-session.ts";
import { toSession } from "./session.ts";

const nobody = { authenticated: false, user: null, session: null } as const;

const whoSchema = z.discriminatedUnion("authenticated", [
	z.object({ authenticated: z.literal(true), user: userSchema, session: sessionSchema }),
	z.object({ authenticated: z.literal(false), user: z.null(), session: z.null() }),
]);

const deviceSchema = z.extend(sessionSchema, {
	current: z.boolean(),
	lastSeenAt: z.iso.datetime(),
	address: z.nullable(z.string()),
	userAgent: z.nullable(z.string()),
}) satisfies z.ZodMiniType<Device>;

/** The session resource: `POST` creates it, `GET` reads it, `DELETE` ends it. */
export function sessionResource(methods: readonly Method[]) {
	return [
		route({
			method: "POST",
			path: "",
			summary: "Sign in. A session that was there ends.",
			access: "public",
			// The methods parse for themselves, so that an answer names the fields of the one that was meant.
			body: z.looseObject({}),
			documentedBody: z.union([
				...methods.filter((method) => !isProvider(method)).map(({ input }) => input),
				z.never(),
			]),
			responses: signInResponses,
			errors: ["invalid_credentials", "unknown_passkey", "too_many_attempts", "busy"],
			async handle({ engine, visitor, body }) {
				return signInAnswer(200, "Authenticated", await signIn(engine, visitor, body));
			},
		}),
		route({
			method: "GET",
			path: "",
			summary: "Who is signed in. Never writes, and keeps no session alive.",
			access: "public",
			responses: { 200: whoSchema },
			async handle({ engine, visitor }) {
				const current = await resolveSession(engine, visitor, { activity: false });
				const body = current === null ? nobody : { authenticated: true, ...splitSession(toSession(engine, current)) };
				return { status: 200, body };
			},
		}),
		route({
			method: "DELETE",
			path: "",
			summary: "Sign out. Also answers when nobody was signed in.",
			access: "public",
			responses: { 200: messageSchema },
			async handle({ engine, visitor }) {
				return { status: 200, body: { message: "Signed out" }, cookie: await endCurrentSession(engine, visitor) };
			},
		}),
	];
}

const refresh = route({
	method: "POST",
	path: "/refresh",
	summary: "Renew the token. Any number of these at once get the same generation.",
	access: "signed-in",
	responses: { 200: grantedSchema },
	async handle({ engine, current }) {
		const granted = await renewSession(engine, current);
		if (granted === null) throw new AuthError("not_authenticated");
		return grantedAnswer(200, "Refreshed", granted);
	},
});

// A form cannot send DELETE, and a sign-out that is a document leaves no signed-in page behind in the router's cache.
const signOutForm = route({
	method: "POST",
	path: "/sign-out",
	summary: "Sign out from a plain HTML form and go to a page of this site.",
	access: "public",
	media: "form",
	// `atProvider` ends the session there too, where it began at a provider that has such an address.
	body: z.object({ redirectTo: z.optional(z.string()), atProvider: z.optional(z.string()) }),
	responses: { 200: pageSchema, 303: z.undefined() },
	async handle({ engine, visitor, body }) {
		const { origin } = engine.settings;
		const location = safeRedirect(body.redirectTo, { origin, fallback: engine.options.pages.afterSignOut });
		const leaving = body.atProvider === "true" ? await leaveProvider(engine, visitor) : null;
		if (leaving !== null) {
			return { status: 200, body: undefined, ...leaving, cookie: await endCurrentSession(engine, visitor) };
		}
		return { status: 303, body: undefined, headers: { location }, cookie: await endCurrentSession(engine, visitor) };
	},
});

async function leaveProvider(engine: Engine, visitor: Visitor) {
	const { leavingProvider } = await import("../oauth/leaving-provider.ts");
	return leavingProvider(engine, visitor);
}

const devices = route({
	method: "GET",
	path: "/sessions",
	summary: "The devices on which the user is signed in, newest first.",
	access: "signed-in",
	query: z.object({ before: z.optional(z.string().check(z.maxLength(200))) }),
	responses: { 200: z.object({ sessions: z.array(deviceSchema), nextBefore: z.nullable(z.string()) }) },
	async handle({ engine, current, query }) {
		return { status: 200, body: await listDevices(engine, current, query.before) };
	},
});

const otherDevices = route({
	method: "DELETE",
	path: "/sessions",
	summary: "End every session of the user but this one.",
	access: "signed-in",
	responses: { 200: z.extend(messageSchema, { ended: z.int() }) },
	async handle({ engine, visitor, current }) {
		const ended = await endOtherDevices(engine, visitor, current);
		if (ended === null) throw new AuthError("not_authenticated");
		return { status: 200, body: { message: "Signed out everywhere else", ended } };
	},
});

const device = route({
	method: "DELETE",
	path: "/sessions/{id}",
	summary: "End one session of the user, by its public id.",
	access: "signed-in",
	responses: { 200: messageSchema },
	errors: ["not_found"],
	async handle({ engine, visitor, current, params }) {
		const ended = await endDevice(engine, visitor, current, params.id!);
		if (!ended) throw new AuthError("not_found");
		return { status: 200, body: { message: "Signed out there" } };
	},
});

export const sessionRoutes = [refresh, signOutForm, devices, otherDevices, device] as const;
