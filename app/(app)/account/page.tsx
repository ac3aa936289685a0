import { auth } from "@/auth";
import { readMessages } from "../../preferences/preferences";
import { Card, PageHeading } from "../../ui/card";
import { Notice } from "../../ui/notice";
import { pageTitle } from "../page-title";
import { OwnPasskeySignals } from "./own-passkey-signals";
import { ProfileForm } from "./profile-form";

export const instant = false;

export const generateMetadata = () => pageTitle((m) => m.profile.title);

export default async function ProfilePage({ searchParams }: PageProps<"/account">) {
	const { user } = await auth.protect();
	const { saved } = await searchParams;
	const words = (await readMessages()).m.profile;
	return (
		<>
			<PageHeading title={words.title} lead={words.lead} />
			{saved !== undefined && <Notice kind="success">{words.saved}</Notice>}
			{saved !== undefined && <OwnPasskeySignals />}
			<Card>
				<ProfileForm state={await auth.formState()} user={user} words={words} />
			</Card>
		</>
	);
}
