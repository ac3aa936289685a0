import type { PendingSignUp } from "latchkey/next";
import Link from "next/link";
import { auth } from "@/auth";
import { fill } from "@/messages/format";
import { readMessages } from "../../../preferences/preferences";
import { button } from "../../../ui/button";
import { providerName } from "../../../ui/provider-name";
import { Entrance } from "../../entrance";
import { nextOf, withNext } from "../../next-place";
import { pageTitle } from "../../page-title";
import { CompletionForm } from "./completion-form";

export const instant = false;

export const generateMetadata = () => pageTitle((m) => m.providers.complete.title);

/** Where somebody goes on who came from a provider that told no address which is proven. */
export default async function CompleteSignUpPage({ searchParams }: PageProps<"/sign-up/complete">) {
	const next = nextOf((await searchParams).next);
	const { m } = await readMessages();
	const words = m.providers.complete;
	const pending = await auth.pendingSignUp();
	if (pending === null) {
		return (
			<Entrance title={words.title} lead={words.gone}>
				<Link className={button("primary", "w-full")} href={withNext("/sign-in", next)}>
					{words.again}
				</Link>
			</Entrance>
		);
	}
	const provider = providerName(pending.provider, m.providers);
	return (
		<Entrance
			title={words.title}
			lead={fill(leadOf(pending, words), { provider })}
			aside={
				<>
					{words.haveAccount}{" "}
					<Link className="link" href={withNext("/sign-in", "/account/connections")}>
						{m.providers.signInFirst}
					</Link>
				</>
			}
		>
			<CompletionForm
				state={await auth.formState()}
				email={pending.email ?? ""}
				mayGoWithout={!pending.emailRequired}
				next={next}
				words={words}
			/>
		</Entrance>
	);
}

function leadOf({ email }: PendingSignUp, words: { lead: string; leadUnproven: string }): string {
	return email === null ? words.lead : words.leadUnproven;
}
