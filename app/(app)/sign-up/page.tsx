import Link from "next/link";
import { auth } from "@/auth";
import { readMessages } from "../../preferences/preferences";
import { Entrance } from "../entrance";
import { nextOf, withNext } from "../next-place";
import { OutsideWays } from "../outside-ways";
import { pageTitle } from "../page-title";
import { SignUpForm } from "./sign-up-form";

export const instant = false;

export const generateMetadata = () => pageTitle((m) => m.signUp.title);

export default async function SignUpPage({ searchParams }: PageProps<"/sign-up">) {
	const next = nextOf((await searchParams).next);
	const words = (await readMessages()).m.signUp;
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
			<SignUpForm state={await auth.formState()} next={next} words={words} />
			<OutsideWays next={next} />
		</Entrance>
	);
}
