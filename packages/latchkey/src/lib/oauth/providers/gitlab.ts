import { openIdPreset, type PresetOptions } from "../openid-preset.ts";
import type { ProviderMethod } from "../provider.ts";

/** "Continue with GitLab". Variables: `GITLAB_CLIENT_ID`, `GITLAB_CLIENT_SECRET`. One of your own by `issuer`. */
export function gitlab(options: PresetOptions = {}): ProviderMethod {
	return openIdPreset({ id: "gitlab", name: "GitLab", issuer: "https://gitlab.com", emails: "proven" }, options);
}
