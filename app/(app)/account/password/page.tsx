import Link from "next/link";
import { auth } from "@/auth";
import { readMessages } from "../../../preferences/preferences";
import { Card, PageHeading } from "../../../ui/card";
import { Notice } from "../../../ui/notice";
import { pageTitle } from "../../page-title";
import { PasswordForm } from "./password-form";

export const instant = false;

export const generateMetadata = () => pageTitle((m) => m.password.title);

export default async function PasswordPage({ searchParams }: PageProps<"/account/password">) {
	const { user } = await auth.protect();
	const { saved } = await searchParams;
	const words = (await readMessages()).m.password;
	return (
		<>
			<PageHeading title={words.title} lead={words.lead} />
			{saved === undefined ? (
				<Card>
					<PasswordForm state={await auth.formState()} identifier={user.email ?? user.username ?? ""} words={words} />
				</Card>
			) : (
				// Without the form, password managers know that it worked and offer to keep the new one.
				<Notice kind="success">
					<p>{words.saved}</p>
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
