import Link from "next/link";
import { auth } from "@/auth";
import { readMessages } from "../../../preferences/preferences";
import { button } from "../../../ui/button";
import { ProviderButtons } from "../../../ui/provider-buttons";
import { problemText } from "../../../ui/provider-problem";
import { Entrance } from "../../entrance";
import { nextOf, withNext } from "../../next-place";
import { pageTitle } from "../../page-title";

export const instant = false;

export const generateMetadata = () => pageTitle((m) => m.providers.problemTitle);

/** What went wrong on the way over a provider, and how to go on. */
export default async function SignInProblemPage({ searchParams }: PageProps<"/sign-in/problem">) {
	const { problem, provider: id, reference, next: nextParameter } = await searchParams;
	const next = nextOf(nextParameter);
	const words = (await readMessages()).m.providers;
	const provider = (await auth.providers()).find((offered) => offered.id === id);
	const isRepeatable = typeof problem === "string" && ["sign_in_cancelled", "sign_in_expired"].includes(problem);
	return (
		<Entrance title={words.problemTitle} lead={problemText(words, problem, provider)}>
			<div className="space-y-3">
				{provider !== undefined && problem !== "account_exists" && problem !== "sign_up_closed" && (
					<ProviderButtons
						providers={[provider]}
						action="/api/auth/oauth/{provider}"
						next={next}
						words={words}
						label={isRepeatable ? words.continueWith : words.tryAgainWith}
					/>
				)}
				<Link
					className={button(problem === "account_exists" ? "primary" : "secondary", "w-full")}
					href={withNext("/sign-in", problem === "account_exists" ? "/account/connections" : next)}
				>
					{problem === "account_exists" ? words.signInFirst : words.otherWay}
				</Link>
			</div>
			{typeof reference === "string" && /^[0-9a-f]{8}$/.test(reference) && (
				<p className="mt-5 text-sm text-muted">
					{words.reference} <code dir="ltr">{reference}</code>
				</p>
			)}
		</Entrance>
	);
}
