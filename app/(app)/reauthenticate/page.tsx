import Link from "next/link";
import { auth } from "@/auth";
import { readMessages } from "../../preferences/preferences";
import { displayName } from "../../ui/account-menu";
import { OrLine } from "../../ui/or-line";
import { ProviderButtons } from "../../ui/provider-buttons";
import { ProviderProblem } from "../../ui/provider-problem";
import { Entrance } from "../entrance";
import { nextOf, withNext } from "../next-place";
import { pageTitle } from "../page-title";
import { ReauthenticateForm } from "./reauthenticate-form";

export const instant = false;

export const generateMetadata = () => pageTitle((m) => m.reauthenticate.title);

export default async function ReauthenticatePage({ searchParams }: PageProps<"/reauthenticate">) {
	const { user } = await auth.protect();
	const { next: nextParameter, problem, provider } = await searchParams;
	const next = nextOf(nextParameter);
	const { m } = await readMessages();
	const words = m.reauthenticate;
	// For whoever has no password, or has it not at hand: signing in anew is a proof too.
	const byCode = (
		<Link className="link" href={withNext("/sign-in/code", next)}>
			{m.mail.signInCode.link}
		</Link>
	);
	return (
		<Entrance title={words.title} lead={words.lead} aside={byCode}>
			<ReauthenticateForm
				state={await auth.formState()}
				next={next}
				identifier={user.email ?? user.username ?? displayName(user)}
				words={words}
			/>
			<ConnectedWays next={next} problem={problem} provider={provider} />
		</Entrance>
	);
}

interface ConnectedWaysProps {
	next: string;
	problem: string | string[] | undefined;
	provider: string | string[] | undefined;
}

/** Whoever has connected a provider can prove it there too. */
async function ConnectedWays({ next, problem, provider }: ConnectedWaysProps) {
	const { connections, providers } = await auth.connections();
	const connected = providers.filter(({ id }) => connections.some(({ provider }) => provider === id));
	if (connected.length === 0) return null;
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
