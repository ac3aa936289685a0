import Link from "next/link";
import { auth } from "@/auth";
import { readMessages } from "../../preferences/preferences";
import { displayName } from "../../ui/account-menu";
import { button } from "../../ui/button";
import { Notice } from "../../ui/notice";
import { OrLine } from "../../ui/or-line";
import { ProviderButtons } from "../../ui/provider-buttons";
import { ProviderProblem } from "../../ui/provider-problem";
import { Entrance } from "../entrance";
import { nextOf, withNext } from "../next-place";
import { pageTitle } from "../page-title";
import { ReauthenticateForms } from "./reauthenticate-forms";

export const instant = false;

export const generateMetadata = () => pageTitle((m) => m.reauthenticate.title);

export default async function ReauthenticatePage({ searchParams }: PageProps<"/reauthenticate">) {
	const { user, amr } = await auth.protect();
	const { next: nextParameter, why, with: chosen, problem, provider } = await searchParams;
	const next = nextOf(nextParameter);
	const { totp, passkeyCount, recoveryCodes, password } = await auth.factors();
	const { m } = await readMessages();
	const words = m.security.confirm;
	const raises = why === "level";
	// What would not show anything new is not offered where something new is asked for.
	const factors = [
		...(password && !(raises && amr.includes("pwd")) ? (["password"] as const) : []),
		...(totp !== null ? (["totp"] as const) : []),
		...(recoveryCodes > 0 ? (["recovery_code"] as const) : []),
	];
	const connected = raises ? [] : await connectedProviders();
	const hasOwn = factors.length > 0 || passkeyCount > 0;
	const nothing = !hasOwn && connected.length === 0 && (raises || user.email === null);
	return (
		<Entrance
			title={m.reauthenticate.title}
			lead={raises ? words.level : password ? m.reauthenticate.lead : undefined}
			notice={nothing && <Notice>{words.missing}</Notice>}
			// For whoever has no password, or has it not at hand: signing in anew is a proof too.
			aside={
				raises ? undefined : (
					<Link className="link" href={withNext("/sign-in/code", next)}>
						{m.mail.signInCode.link}
					</Link>
				)
			}
		>
			{nothing && (
				<Link className={button("primary")} href="/account/security">
					{words.setUp}
				</Link>
			)}
			{hasOwn && (
				<ReauthenticateForms
					state={await auth.formState()}
					factors={factors}
					hasPasskey={passkeyCount > 0}
					chosen={typeof chosen === "string" ? chosen : ""}
					why={raises ? "level" : ""}
					next={next}
					identifier={user.email ?? user.username ?? displayName(user)}
					words={m.reauthenticate}
					more={words}
					codes={m.security.secondStep}
				/>
			)}
			{connected.length > 0 && (
				<ConnectedWays connected={connected} next={next} problem={problem} provider={provider} />
			)}
		</Entrance>
	);
}

/** Providers where whoever is signed in has an account that is connected to this one. */
async function connectedProviders() {
	const { connections, providers } = await auth.connections();
	return providers.filter(({ id }) => connections.some(({ provider }) => provider === id));
}

interface ConnectedWaysProps {
	connected: Awaited<ReturnType<typeof connectedProviders>>;
	next: string;
	problem: string | string[] | undefined;
	provider: string | string[] | undefined;
}

/** Whoever has connected a provider can prove it there too. */
async function ConnectedWays({ connected, next, problem, provider }: ConnectedWaysProps) {
	const words = (await readMessages()).m.providers;
	return (
		<>
			<OrLine words={words} />
			<ProviderProblem problem={problem} provider={connected.find(({ id }) => id === provider)} words={words} />
			<ProviderButtons
				providers={connected}
				action="/api/auth/reauthentication/{provider}"
				next={next}
				words={words}
				label={words.proveWith}
			/>
		</>
	);
}
