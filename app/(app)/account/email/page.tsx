import Link from "next/link";
import { auth } from "@/auth";
import { fill } from "@/messages/format";
import { readMessages } from "../../../preferences/preferences";
import { button } from "../../../ui/button";
import { Card, PageHeading } from "../../../ui/card";
import { Notice } from "../../../ui/notice";
import { AddressForm } from "../../mail/address-form";
import { ButtonForm } from "../../mail/button-form";
import { isolated } from "../../mail/isolated";
import { pageTitle } from "../../page-title";
import { OwnPasskeySignals } from "../own-passkey-signals";

export const instant = false;

export const generateMetadata = () => pageTitle((m) => m.mail.account.title);

export default async function EmailPage({ searchParams }: PageProps<"/account/email">) {
	// Whoever finds an open browser should not carry the account away by its address.
	const { user } = await auth.protect({ maxAgeSeconds: 10 * 60 });
	const { done } = await searchParams;
	const words = (await readMessages()).m.mail;
	const pending = await auth.pendingEmail();
	const state = await auth.formState();
	return (
		<>
			<PageHeading title={words.account.title} lead={words.account.lead} />
			{done !== undefined && user.emailVerified && <Notice kind="success">{words.account.done}</Notice>}
			{done !== undefined && <OwnPasskeySignals />}
			<Card>
				<section className="space-y-4">
					<h2 className="text-lg font-semibold">{words.account.present}</h2>
					{user.email === null ? (
						<p className="text-muted">{words.account.none}</p>
					) : (
						<p className="break-words">
							<bdi>{user.email}</bdi>{" "}
							<span className="text-sm text-muted">
								{user.emailVerified ? words.account.confirmed : words.account.unconfirmed}
							</span>
						</p>
					)}
					{user.email !== null && !user.emailVerified && (
						<ButtonForm
							action="requestVerification"
							state={state}
							next="/verify-email?sent"
							label={words.account.confirm}
							words={words}
							look="secondary"
						/>
					)}
				</section>
			</Card>
			{pending !== null && (
				<Card>
					<section className="space-y-4">
						<h2 className="text-lg font-semibold">{words.account.pendingTitle}</h2>
						<p>{fill(words.account.pendingText, { email: isolated(pending.email) })}</p>
						<div className="flex flex-wrap gap-3">
							<Link className={button("primary")} href="/verify-email">
								{words.account.enterCode}
							</Link>
							<ButtonForm
								action="cancelEmailChange"
								state={state}
								next="/account/email"
								label={words.account.cancel}
								words={words}
								look="secondary"
							/>
						</div>
					</section>
				</Card>
			)}
			<Card>
				<section className="space-y-4">
					<h2 className="text-lg font-semibold">{words.account.changeTitle}</h2>
					<p className="text-muted">{words.account.changeText}</p>
					<AddressForm
						action="changeEmail"
						state={state}
						next="/verify-email?sent"
						label={words.account.new}
						submit={words.account.submit}
						words={words}
						alone={false}
					/>
				</section>
			</Card>
		</>
	);
}
