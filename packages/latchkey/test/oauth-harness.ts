import { type OidcOptions, oidc } from "../src/lib/oauth/providers/oidc.ts";
import type { AuthOptions } from "../src/lib/options.ts";
import { password } from "../src/lib/passwords/password.ts";
import type { TestAnswer, TestBrowser } from "../src/lib/testing/test-browser.ts";
import { adaThere, type FakePerson, type FakeProvider, startFakeProvider } from "./fake-provider.ts";
import { openTestAuth, type TestAuth } from "./harness.ts";

/** The codes that only the way over a provider brings about: each has its test beside that way. */
export type ProviderCode =
	| "sign_in_expired"
	| "sign_in_cancelled"
	| "other_session"
	| "reconnect_required"
	| "account_exists"
	| "identity_taken"
	| "provider_error"
	| "provider_unavailable"
	| "upstream_unavailable"
	| "upstream_refused"
	| "upstream_timeout"
	| "invalid_logout_token";

const client = { clientId: "client-1", clientSecret: "secret-1" };

/** The library's generic provider at a fake one. */
export function oidcAt(fake: FakeProvider, options: OidcOptions = {}) {
	return oidc({ id: "example", issuer: fake.issuer, emails: "authoritative", ...client, ...options });
}

/** An engine with a password and a fake provider called `example`. */
export async function openWithProvider(
	options: Partial<AuthOptions> = {},
	provider: OidcOptions = {},
): Promise<{ auth: TestAuth; fake: FakeProvider }> {
	const fake = await startFakeProvider();
	return { fake, auth: openTestAuth({ methods: [password(), oidcAt(fake, provider)], ...options }) };
}

/** Begins at a provider, and answers where the browser is sent. */
export async function begin(browser: TestBrowser, provider = "example", next?: string): Promise<string> {
	const answer = await browser.post(`/api/auth/oauth/${provider}`, { ...(next !== undefined && { next }) });
	if (answer.status !== 200) throw new Error(`start answered ${answer.status} ${JSON.stringify(answer.body)}`);
	return answer.body.authorizationUrl;
}

/** Comes back from a provider as a browser does, by a cross-site navigation. */
export function comeBack(browser: TestBrowser, callbackUrl: string): Promise<TestAnswer> {
	const { pathname, search } = new URL(callbackUrl);
	return browser.get(`${pathname}${search}`, { "sec-fetch-site": "cross-site", accept: "text/html" });
}

/** There and back. */
export async function signInAt(
	fake: FakeProvider,
	browser: TestBrowser,
	person: FakePerson = adaThere,
	{ provider = "example", next }: { provider?: string; next?: string } = {},
): Promise<TestAnswer> {
	return comeBack(browser, fake.authorize(await begin(browser, provider, next), person));
}

/** The code that a redirect to the page for problems names; `null` for every other answer. */
export function problemOf({ status, headers }: TestAnswer): string | null {
	const location = status === 303 ? headers.get("location") : null;
	return location === null ? null : new URL(location, "http://localhost").searchParams.get("problem");
}
