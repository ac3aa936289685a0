import Link from "next/link";
import { auth } from "@/auth";
import { readMessages } from "../../../preferences/preferences";
import { button } from "../../../ui/button";
import { Card, PageHeading } from "../../../ui/card";
import { Notice } from "../../../ui/notice";
import { pageTitle } from "../../page-title";
import { FirstPasswordForm } from "./first-password-form";
import { PasswordForm } from "./password-form";

export const instant = false;

export const generateMetadata = () => pageTitle((m) => m.password.title);

export default async function PasswordPage({ searchParams }: PageProps<"/account/password">) {
	const { user } = await auth.protect();
	const { saved } = await searchParams;
	const { password } = await auth.factors();
	const words = (await readMessages()).m.password;
	const identifier = user.email ?? user.username;
	if (!password) return <FirstPassword identifier={identifier} />;
	return (
		<>
			<PageHeading title={words.title} lead={words.lead} />
			{saved === undefined ? (
				<Card>
					<PasswordForm state={await auth.formState()} identifier={identifier ?? ""} words={words} />
				</Card>
			) : (
				// Without the form, password managers know that it worked and offer to keep the new one.
				<Notice kind="success">
					<p>{saved === "first" ? words.first.saved : words.saved}</p>
					<p>
						<Link className="link" href="/account/password">
							{words.again}
						</Link>
					</p>
				</Notice>
			)}
		</>
	);
}

/** Whoever has a passkey or an account elsewhere only. They prove that first, since a password is one more way in. */
async function FirstPassword({ identifier }: { identifier: string | null }) {
	// Half of what the form allows, so that nobody is asked again in the middle of it.
	await auth.protect({ maxAgeSeconds: 5 * 60 });
	const words = (await readMessages()).m.password;
	return (
		<>
			<PageHeading title={words.first.title} lead={words.first.lead} />
			<Card>
				{identifier === null ? (
					<div className="space-y-4">
						<p>{words.first.needsName}</p>
						<Link className={button("primary")} href="/account">
							{words.first.choose}
						</Link>
					</div>
				) : (
					<FirstPasswordForm state={await auth.formState()} identifier={identifier} words={words} />
				)}
			</Card>
		</>
	);
}
