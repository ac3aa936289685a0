import { apiProvider, person } from "../api-provider.ts";
import { type ClientResult, members, type ProviderMethod, type ProviderOptions, text } from "../provider.ts";

export type VkOptions = Omit<ProviderOptions, "clientSecret">;

/**
 * "Continue with VK ID". Variable: `VK_CLIENT_ID`. It knows no secret, and refreshes tokens only for the device that it
 * named at sign-in, so that `auth.providerToken("vk")` lasts an hour.
 */
export function vk(options: VkOptions = {}): ProviderMethod {
	return apiProvider(
		{
			id: "vk",
			name: "VK",
			issuer: "https://id.vk.com",
			authorize: "https://id.vk.com/authorize",
			token: "https://id.vk.com/oauth2/auth",
			user: "https://id.vk.com/oauth2/user_info",
			userBy: "form",
			scopes: ["email"],
			client: ({ read }) => publicClient(options.clientId ?? read("VK_CLIENT_ID")),
			codeParameters: ["device_id", "state"],
			readTokenAnswer: ({ refresh_token: _, ...answer }) => answer,
			read({ userInfo }) {
				const { user_id, first_name, last_name, email } = members(userInfo.user);
				const name = [text(first_name), text(last_name)].filter((part) => part !== null).join(" ");
				return person(user_id, name, email);
			},
		},
		options,
	);
}

function publicClient(clientId: string | undefined): ClientResult {
	return clientId === undefined
		? { ok: false, missing: ["VK_CLIENT_ID"] }
		: { ok: true, client: { clientId, proof: null } };
}
