import { openIdPreset, type PresetOptions } from "../openid-preset.ts";
import type { ProviderMethod } from "../provider.ts";

/**
 * "Continue with Slack". Variables: `SLACK_CLIENT_ID`, `SLACK_CLIENT_SECRET`. Whoever runs a workspace can write any
 * address there.
 */
export function slack(options: PresetOptions = {}): ProviderMethod {
	return openIdPreset({ id: "slack", name: "Slack", issuer: "https://slack.com" }, options);
}
