import { openIdPreset } from "../openid-preset.ts";
import type { ProviderMethod, ProviderOptions } from "../provider.ts";

/** "Continue with Hugging Face". Variables: `HUGGINGFACE_CLIENT_ID`, `HUGGINGFACE_CLIENT_SECRET`. */
export function huggingface(options: ProviderOptions = {}): ProviderMethod {
	return openIdPreset(
		{ id: "huggingface", name: "Hugging Face", issuer: "https://huggingface.co", emails: "proven" },
		options,
	);
}
