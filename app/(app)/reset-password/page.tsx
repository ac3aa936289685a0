import Link from "next/link";
import { auth } from "@/auth";
import { fill } from "@/messages/format";
import { readMessages } from "../../preferences/preferences";
import { button } from "../../ui/button";
import { Entrance } from "../entrance";
import { isolated } from "../mail/isolated";
import { NewPasswordForm } from "../mail/new-password-form";
import { ValidUntil } from "../mail/valid-until";
import { pageTitle } from "../page-title";

export const instant = false;

export const generateMetadata = () => pageTitle((m) => m.mail.reset.title);

export default async function ResetPasswordPage() {
	const { language, m } = await readMessages();
	const words = m.mail;
	const link = await auth.mailLink();
	const isGood = link?.purpose === "password-reset" && !link.expired;
	return (
		<Entrance
			title={words.reset.title}
			lead={isGood ? fill(words.reset.lead, { email: isolated(link.email) }) : ""}
			aside={
				isGood ? (
					<Link className="link" href="/forgot-password">
						{words.reset.askAgain}
					</Link>
				) : undefined
			}
		>
			{isGood ? (
				<div className="space-y-4">
					<NewPasswordForm state={await auth.formState()} email={link.email} words={words} />
					<ValidUntil time={link.expiresAt} language={language} words={words} />
				</div>
			) : (
				<div className="space-y-4">
					<p>{link?.expired ? words.expired : words.reset.noLink}</p>
					<Link className={button("primary")} href="/forgot-password">
						{words.reset.askAgain}
					</Link>
				</div>
			)}
		</Entrance>
	);
}
