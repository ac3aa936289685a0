import { AuthError } from "../errors.ts";
import { standing } from "../oauth/email-standing.ts";
import { outsideProvider, type ProviderContext, type ProviderMethod, text } from "../oauth/provider.ts";
import { isLoopbackHost } from "../settings.ts";

export interface ExampleProviderOptions {
	/** The port on loopback that it listens on. Default: 20000 and the last four digits of the site's own. */
	port?: number;
	/** As its button says it. Default "the example provider". */
	name?: string;
}

/**
 * A real OpenID provider with a few people to choose from, so that outside sign-in can be seen and tested without an
 * account anywhere and without the network. It needs the package `oidc-provider`, starts at its first use, and is there
 * for a loopback origin only: for any other it is not offered, whatever the configuration says.
 */
export function exampleProvider(options: ExampleProviderOptions = {}): ProviderMethod {
	return outsideProvider({
		id: "example",
		name: options.name ?? "the example provider",
		developmentOnly: true,
		server: (context) => ({ issuer: issuerFor(context, options.port), userInfo: "always" }),
		client: () => ({
			ok: true,
			client: {
				clientId: exampleClient.id,
				proof: { kind: "client_secret_basic", secret: () => exampleClient.secret },
			},
		}),
		scopes: ["openid", "email", "profile", "offline_access"],
		// Asked anew each time, so that one can be somebody else the next.
		parameters: { prompt: "login consent" },
		async start(context) {
			requireLoopback(context.origin);
			const { serveExample } = await import("./serve-example.ts");
			await serveExample({ ...context, issuer: issuerFor(context, options.port), client: exampleClient });
		},
		readProfile({ claims, userInfo }) {
			const email = text(userInfo.email);
			return {
				subject: String(claims.sub),
				name: text(userInfo.name),
				email,
				// Anybody on this machine can be anybody there, so it decides nothing about an account that exists.
				emailStanding: standing(userInfo.email_verified, false),
				label: email ?? text(userInfo.name),
			};
		},
	});
}

/** No secret: the provider answers this machine alone, and proves nothing to anybody else. */
const exampleClient = { id: "this-site", secret: "example-provider-on-loopback" };

/** On another host name than the site's, since cookies do not tell ports apart. */
function issuerFor({ origin }: ProviderContext, port: number | undefined): string {
	const site = new URL(origin);
	const host = site.hostname === "127.0.0.1" ? "localhost" : "127.0.0.1";
	return `http://${host}:${port ?? 20_000 + (Number(site.port || 80) % 10_000)}`;
}

function requireLoopback(origin: string): void {
	if (isLoopbackHost(new URL(origin).hostname)) return;
	throw new AuthError("misconfigured", { detail: "The example provider exists on loopback only" });
}
