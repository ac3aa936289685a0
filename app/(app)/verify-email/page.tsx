import Link from "next/link";
import { auth } from "@/auth";
import type { Messages } from "@/messages/en";
import { fill } from "@/messages/format";
import { readMessages } from "../../preferences/preferences";
import { button } from "../../ui/button";
import { Notice } from "../../ui/notice";
import { Entrance } from "../entrance";
import { ByLink } from "../mail/by-link";
import { CodeForm } from "../mail/code-form";
import { isolated } from "../mail/isolated";
import { MailboxHint } from "../mail/mailbox-hint";
import { nextOf, withNext } from "../next-place";
import { pageTitle } from "../page-title";
import { sessionIfKnown } from "../session-if-known";

export const instant = false;

export const generateMetadata = () => pageTitle((m) => m.mail.verify.title);

/** Where an address is confirmed: that of whoever is signed in, a new one, or that of a sign-up under way. */
export default async function VerifyEmailPage({ searchParams }: PageProps<"/verify-email">) {
	const { next, sent } = await searchParams;
	const { language, m } = await readMessages();
	const words = m.mail;
	const session = await sessionIfKnown(auth());
	const asked = await auth.askedCode();
	const link = await auth.mailLink();
	const isLink = link !== null && link.purpose !== "sign-in-code" && link.code !== null && !link.expired;
	const isSignUp = asked?.purpose === "sign-up-code";
	const pending = session === null ? null : await auth.pendingEmail();
	const email = isSignUp ? asked.email : (pending?.email ?? session?.user.email ?? null);
	const state = await auth.formState();
	const goOn = nextOf(next) || "/account/email?done";
	const isDone = !isSignUp && pending === null && session?.user.emailVerified === true;
	const canType = !isDone && (session !== null || isSignUp);
	const lead = leadOf(words.verify, { isDone, isSignUp, canType });
	const isExpired = link?.code != null && link.purpose !== "sign-in-code" && link.expired;
	return (
		<Entrance
			title={words.verify.title}
			lead={isLink && link.here ? words.verify.byLinkLead : fill(lead, { email: isolated(email ?? "") })}
			notice={
				canType && !isLink && (sent !== undefined || isExpired || (await auth.mailbox()) !== null) ? (
					<Notice>
						{sent !== undefined && <p>{words.verify.sent}</p>}
						{isExpired && <p>{words.expired}</p>}
						<MailboxHint words={words} />
					</Notice>
				) : undefined
			}
			aside={anew(isSignUp, session !== null, words.verify)}
		>
			<div className="space-y-6">
				{isDone && !isLink && (
					<Link className={button("secondary")} href="/account/email">
						{words.account.title}
					</Link>
				)}
				{isLink && (
					<ByLink
						link={link}
						action="confirmEmail"
						state={state}
						next={goOn}
						label={words.verify.byLink}
						language={language}
						words={words}
					/>
				)}
				{!isLink && canType && (
					<CodeForm
						action="confirmEmail"
						state={state}
						next={goOn}
						submit={words.verify.submit}
						// That of a sign-up is held by the browser, every other by the account.
						hint={isSignUp ? words.codeHintHere : words.codeHint}
						words={words}
					/>
				)}
				{!canType && !isDone && !isLink && (
					<Link className={button("primary")} href={withNext("/sign-in", "/verify-email")}>
						{words.verify.signIn}
					</Link>
				)}
			</div>
		</Entrance>
	);
}

/** No message came, or the address was mistyped: whoever signs up types it again, since nothing is kept of them yet. */
function anew(isSignUp: boolean, isSignedIn: boolean, words: Messages["mail"]["verify"]) {
	if (!isSignUp && !isSignedIn) return undefined;
	return (
		<Link className="link" href={isSignUp ? "/sign-up" : "/account/email"}>
			{isSignUp ? words.againSignUp : words.again}
		</Link>
	);
}

function leadOf(
	words: Messages["mail"]["verify"],
	{ isDone, isSignUp, canType }: { isDone: boolean; isSignUp: boolean; canType: boolean },
): string {
	if (isDone) return words.done;
	if (isSignUp) return words.leadSignUp;
	return canType ? words.lead : words.leadNobody;
}
