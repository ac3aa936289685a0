import type { RouteGroup } from "./http/route.ts";
import type { Method } from "./methods/method.ts";
import { isProvider } from "./oauth/provider.ts";

/**
 * Every endpoint, feature by feature, in the order of the contract. Nothing of a feature is loaded here: a new one is a
 * group with an import of its own.
 */
export function routeTable(methods: readonly Method[], openApi: () => Promise<object>): readonly RouteGroup[] {
	return [
		{
			under: ["", "refresh", "sign-out", "sessions"],
			async load() {
				const { sessionResource, sessionRoutes } = await import("./sessions/session-routes.ts");
				return [...sessionResource(methods), ...sessionRoutes];
			},
		},
		{
			under: ["trusted-devices"],
			load: async () => (await import("./devices/trusted-device-routes.ts")).trustedDeviceRoutes,
		},
		...methods.flatMap(({ routes }) => routes),
		{
			under: ["reauthentication"],
			load: async () => (await import("./sign-in/reauthentication-routes.ts")).reauthenticationRoutes,
		},
		{
			under: ["attempt"],
			load: async () => (await import("./second-step/second-step-routes.ts")).secondStepRoutes,
		},
		{
			under: ["factors"],
			async load() {
				const { factorRoutes } = await import("./factors/factor-routes.ts");
				const { totpRoutes } = await import("./totp/totp-routes.ts");
				return [...factorRoutes, ...totpRoutes];
			},
		},
		{ under: ["user"], load: async () => (await import("./users/user-routes.ts")).userRoutes },
		{ under: ["events"], load: async () => (await import("./events/event-routes.ts")).eventRoutes },
		...(methods.some(isProvider) ? providerGroups : []),
		{ under: ["mail-links", "undoings"], load: async () => (await import("./mail/mail-routes.ts")).mailRoutes },
		{
			under: ["email-verifications"],
			load: async () => (await import("./email-verification/email-verification-routes.ts")).emailVerificationRoutes,
		},
		{
			under: ["health", "openapi.json"],
			load: async () => (await import("./http/service-routes.ts")).serviceRoutes(openApi),
		},
	];
}

const providerGroups: readonly RouteGroup[] = [
	{
		under: ["providers", "oauth"],
		async load() {
			const { oauthRoutes } = await import("./oauth/oauth-routes.ts");
			const { logoutRoutes } = await import("./oauth/backchannel-logout.ts");
			return [...oauthRoutes, ...logoutRoutes];
		},
	},
	{
		under: ["pending-sign-up"],
		load: async () => (await import("./oauth/held-sign-up-routes.ts")).heldSignUpRoutes,
	},
	{
		under: ["identities", "reauthentication"],
		load: async () => (await import("./oauth/identity-routes.ts")).identityRoutes,
	},
	{ under: ["jwks"], load: async () => (await import("./tokens/service-token.ts")).serviceTokenRoutes },
];
