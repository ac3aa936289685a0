import Link from "next/link";
import { auth } from "@/auth";
import { readMessages } from "../../preferences/preferences";
import { Entrance } from "../entrance";
import { nextOf, withNext } from "../next-place";
import { OutsideWays } from "../outside-ways";
import { pageTitle } from "../page-title";
import { PasskeySignUp } from "./passkey-sign-up";
import { SignUpForm } from "./sign-up-form";

export const instant = false;

export const generateMetadata = () => pageTitle((m) => m.signUp.title);

export default async function SignUpPage({ searchParams }: PageProps<"/sign-up">) {
	const next = nextOf((await searchParams).next);
	const { m } = await readMessages();
	const words = m.signUp;
	return (
		<Entrance
			title={words.title}
			lead={words.lead}
			aside={
				<>
					{words.haveAccount}{" "}
					<Link className="link" href={withNext("/sign-in", next)}>
						{words.signIn}
					</Link>
				</>
			}
		>
			<div className="space-y-5">
				<SignUpForm state={await auth.formState()} next={next} words={words} />
				<PasskeySignUp next={next} words={m.security.passkeySignIn} />
			</div>
			<OutsideWays next={next} />
		</Entrance>
	);
}
