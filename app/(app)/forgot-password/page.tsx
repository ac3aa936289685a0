import Link from "next/link";
import { auth } from "@/auth";
import { readMessages } from "../../preferences/preferences";
import { Notice } from "../../ui/notice";
import { Entrance } from "../entrance";
import { AddressForm } from "../mail/address-form";
import { MailboxHint } from "../mail/mailbox-hint";
import { pageTitle } from "../page-title";

export const instant = false;

export const generateMetadata = () => pageTitle((m) => m.mail.forgot.title);

export default async function ForgotPasswordPage({ searchParams }: PageProps<"/forgot-password">) {
	const { sent, undone } = await searchParams;
	const words = (await readMessages()).m.mail;
	return (
		<Entrance
			title={words.forgot.title}
			lead={words.forgot.lead}
			notice={
				<>
					{sent !== undefined && (
						<Notice kind="success">
							<p>{words.forgot.sent}</p>
							<p className="text-sm text-muted">{words.forgot.again}</p>
							<MailboxHint words={words} />
						</Notice>
					)}
					{undone !== undefined && <Notice kind="success">{words.forgot.undone}</Notice>}
				</>
			}
			aside={
				<Link className="link" href="/sign-in">
					{words.forgot.back}
				</Link>
			}
		>
			<AddressForm
				action="requestPasswordReset"
				state={await auth.formState()}
				next="/forgot-password?sent"
				label={words.address}
				submit={words.forgot.submit}
				words={words}
			/>
		</Entrance>
	);
}
