import Link from "next/link";
import { auth } from "@/auth";
import { fill } from "@/messages/format";
import { readMessages } from "../../../preferences/preferences";
import { Notice } from "../../../ui/notice";
import { Entrance } from "../../entrance";
import { AddressForm } from "../../mail/address-form";
import { ByLink } from "../../mail/by-link";
import { CodeForm } from "../../mail/code-form";
import { isolated } from "../../mail/isolated";
import { MailboxHint } from "../../mail/mailbox-hint";
import { nextOf, withNext } from "../../next-place";
import { pageTitle } from "../../page-title";

export const instant = false;

export const generateMetadata = () => pageTitle((m) => m.mail.signInCode.title);

/** Asks for an address, then for the code; whoever comes by the link presses a button, or is shown the code. */
export default async function SignInCodePage({ searchParams }: PageProps<"/sign-in/code">) {
	const { next: wanted, again } = await searchParams;
	const next = nextOf(wanted);
	const { language, m } = await readMessages();
	const words = m.mail;
	const state = await auth.formState();
	const link = await auth.mailLink();
	const isLink = link?.purpose === "sign-in-code" && !link.expired && again === undefined;
	const asked = await auth.askedCode();
	const isAsked = asked?.purpose === "sign-in-code" && again === undefined;
	return (
		<Entrance
			title={words.signInCode.title}
			lead={isLink && link.here ? words.signInCode.byLinkLead : words.signInCode.lead}
			notice={
				<>
					{link?.purpose === "sign-in-code" && link.expired && !isAsked && <Notice>{words.expired}</Notice>}
					{isAsked && !isLink && (
						<Notice>
							<p>{fill(words.signInCode.sentTo, { email: isolated(asked.email) })}</p>
							<MailboxHint words={words} />
						</Notice>
					)}
				</>
			}
			aside={
				<>
					{(isLink || isAsked) && (
						<>
							<Link className="link" href={anewFor(next)}>
								{words.signInCode.another}
							</Link>
							{" · "}
						</>
					)}
					<Link className="link" href={withNext("/sign-in", next)}>
						{words.signInCode.usePassword}
					</Link>
				</>
			}
		>
			{isLink && (
				<ByLink
					link={link}
					action="signInByCode"
					state={state}
					next={next}
					label={words.signInCode.byLink}
					language={language}
					words={words}
				/>
			)}
			{!isLink && isAsked && (
				<CodeForm
					action="signInByCode"
					state={state}
					next={next}
					submit={words.signInCode.enter}
					hint={words.codeHintHere}
					words={words}
				/>
			)}
			{!isLink && !isAsked && (
				<AddressForm
					action="requestEmailCode"
					state={state}
					next={withNext("/sign-in/code", next)}
					label={words.address}
					submit={words.signInCode.submit}
					words={words}
				/>
			)}
		</Entrance>
	);
}

/** The page as it is for whoever has not asked yet. */
function anewFor(next: string): `/sign-in/code?again${string}` {
	return `/sign-in/code?again${next === "" ? "" : `&next=${encodeURIComponent(next)}`}`;
}
