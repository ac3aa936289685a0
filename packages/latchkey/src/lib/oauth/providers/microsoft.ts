import { domainOf, standing } from "../email-standing.ts";
import {
	clientOf,
	outsideProvider,
	type ProviderDefinition,
	type ProviderMethod,
	type ProviderOptions,
	scopesOf,
	text,
} from "../provider.ts";

export interface MicrosoftOptions extends ProviderOptions {
	/**
	 * Whose accounts: one tenant's by its id, `organizations`, `consumers` or `common` for both. Default: the variable
	 * `MICROSOFT_TENANT`, else `common`.
	 */
	tenant?: string;
	/** The authority. Default `https://login.microsoftonline.com`. */
	authority?: string;
}

const tenantId = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** The one tenant that all personal accounts are in. */
const consumers = "9188040d-6c67-4c5b-b112-36a304b66dad";
const consumerDomains = new Set(["outlook.com", "hotmail.com", "live.com", "msn.com"]);

/** "Continue with Microsoft". Variables: `MICROSOFT_CLIENT_ID`, `MICROSOFT_CLIENT_SECRET`, `MICROSOFT_TENANT`. */
export function microsoft(options: MicrosoftOptions = {}): ProviderMethod {
	return outsideProvider(microsoftDefinition({ id: "microsoft", name: "Microsoft", prefix: "MICROSOFT" }, options));
}

export function microsoftDefinition(
	{ id, name, prefix }: { id: string; name: string; prefix: string },
	options: MicrosoftOptions,
): ProviderDefinition {
	const authority = options.authority ?? "https://login.microsoftonline.com";
	return {
		id,
		name,
		server({ read }) {
			const tenant = options.tenant ?? read(`${prefix}_TENANT`) ?? "common";
			if (tenantId.test(tenant)) return { issuer: `${authority}/${tenant}/v2.0`, userInfo: "never" };
			return {
				// The metadata of these names an issuer with a blank in it, and every tenant fills in its own.
				issuer: `${authority}/{tenantid}/v2.0`,
				discoverAt: `${authority}/${tenant}/v2.0`,
				acceptsIssuer: ({ tid }) => (acceptsTenant(tenant, tid) ? `${authority}/${tid}/v2.0` : null),
				userInfo: "never",
			};
		},
		client: clientOf(prefix, options, "client_secret_post"),
		scopes: scopesOf(["openid", "email", "profile"], options),
		...(options.parameters && { parameters: options.parameters }),
		readProfile({ claims }) {
			const email = text(claims.email);
			return {
				subject: String(claims.sub),
				name: text(claims.name),
				email,
				emailStanding: emailStanding(claims, email),
				label: email ?? text(claims.preferred_username),
			};
		},
	};
}

function acceptsTenant(tenant: string, tid: unknown): boolean {
	if (typeof tid !== "string" || !tenantId.test(tid)) return false;
	if (tenant === "consumers") return tid === consumers;
	return tenant !== "organizations" || tid !== consumers;
}

/**
 * An administrator of any tenant can write any address into `email`. It counts only where Microsoft says by `xms_edov`
 * that the domain's owner is that tenant, or runs the mailbox itself.
 */
function emailStanding(claims: Readonly<Record<string, unknown>>, email: string | null) {
	const ownsDomain = claims.xms_edov === true || claims.xms_edov === 1 || claims.xms_edov === "1";
	const runsMailbox = claims.tid === consumers && consumerDomains.has(domainOf(email) ?? "");
	return standing(email !== null && (ownsDomain || runsMailbox), true);
}
