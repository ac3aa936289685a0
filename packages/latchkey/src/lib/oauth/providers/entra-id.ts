import { outsideProvider, type ProviderMethod } from "../provider.ts";
import { type MicrosoftOptions, microsoftDefinition } from "./microsoft.ts";

/**
 * "Continue with Microsoft Entra ID", for the people of one organisation, also beside `microsoft()`. Variables:
 * `ENTRA_ID_TENANT` (the directory's id), `ENTRA_ID_CLIENT_ID`, `ENTRA_ID_CLIENT_SECRET`.
 */
export function entraId(options: MicrosoftOptions = {}): ProviderMethod {
	const known = { id: "entra-id", name: "Microsoft Entra ID", prefix: "ENTRA_ID" };
	const definition = microsoftDefinition(known, options);
	return outsideProvider({
		...definition,
		client(context) {
			const hasTenant = (options.tenant ?? context.read("ENTRA_ID_TENANT")) !== undefined;
			const found = definition.client(context);
			if (found.ok && hasTenant) return found;
			return {
				ok: false,
				missing: [...(hasTenant ? [] : ["ENTRA_ID_TENANT"]), ...(found.ok ? [] : found.missing)],
			};
		},
	});
}
