import { cookies } from "next/headers";
import Link from "next/link";
import { auth } from "@/auth";
import { fill } from "@/messages/format";
import { readMessages } from "../../preferences/preferences";
import { displayName } from "../../ui/account-menu";
import { Notice } from "../../ui/notice";
import { Entrance } from "../entrance";
import { nextOf, withNext } from "../next-place";
import { OutsideWays } from "../outside-ways";
import { pageTitle } from "../page-title";
import { sessionIfKnown } from "../session-if-known";
import { PasskeySignIn } from "./passkey-sign-in";
import { SignInForm } from "./sign-in-form";

export const instant = false;

export const generateMetadata = () => pageTitle((m) => m.signIn.title);

export default async function SignInPage({ searchParams }: PageProps<"/sign-in">) {
	const { next: asked, reset, kept } = await searchParams;
	const next = nextOf(asked);
	const { m } = await readMessages();
	const done = reset !== undefined ? m.mail.reset.done : kept !== undefined ? m.mail.link.kept : null;
	return (
		<Entrance
			title={m.signIn.title}
			lead={m.signIn.lead}
			notice={done === null ? <WhyHere next={next} /> : <Notice kind="success">{done}</Notice>}
			aside={
				<>
					{m.signIn.noAccount}{" "}
					<Link className="link" href={withNext("/sign-up", next)}>
						{m.signIn.signUp}
					</Link>
				</>
			}
		>
			<div className="space-y-5">
				<SignInForm state={await auth.formState()} next={next} words={m.signIn} />
				<PasskeySignIn next={next} words={m.security.passkeySignIn} />
			</div>
			<ul className="mt-5 space-y-2">
				<li>
					<Link className="link" href="/forgot-password">
						{m.mail.forgot.link}
					</Link>
				</li>
				<li>
					<Link className="link" href={withNext("/sign-in/code", next)}>
						{m.mail.signInCode.link}
					</Link>
				</li>
			</ul>
			<OutsideWays next={next} />
		</Entrance>
	);
}

/** Whoever was sent here is told why. */
async function WhyHere({ next }: { next: string }) {
	const session = await sessionIfKnown(auth());
	const words = (await readMessages()).m.signIn;
	if (session !== null) {
		return (
			<Notice>
				<p>{fill(words.already, { name: `\u2068${displayName(session.user)}\u2069` })}</p>
				<p>
					<Link className="link" href="/dashboard">
						{words.alreadyLink}
					</Link>
				</p>
				<p className="text-sm text-muted">{words.alreadyHint}</p>
			</Notice>
		);
	}
	// Signing out takes the cookie away. One that is still there names a session that ended in some other way.
	const jar = await cookies();
	const ended = ["session", "__Host-session"].some((name) => Boolean(jar.get(name)?.value));
	if (!ended && next === "") return null;
	return (
		<Notice>
			<p>{ended ? words.ended : words.goOn}</p>
		</Notice>
	);
}
