import { auth } from "@/auth";
import { readMessages } from "../../preferences/preferences";
import { displayName } from "../../ui/account-menu";
import { Entrance } from "../entrance";
import { nextOf } from "../next-place";
import { pageTitle } from "../page-title";
import { ReauthenticateForm } from "./reauthenticate-form";

export const instant = false;

export const generateMetadata = () => pageTitle((m) => m.reauthenticate.title);

export default async function ReauthenticatePage({ searchParams }: PageProps<"/reauthenticate">) {
	const { user } = await auth.protect();
	const next = nextOf((await searchParams).next);
	const words = (await readMessages()).m.reauthenticate;
	return (
		<Entrance title={words.title} lead={words.lead}>
			<ReauthenticateForm
				state={await auth.formState()}
				next={next}
				identifier={user.email ?? user.username ?? displayName(user)}
				words={words}
			/>
		</Entrance>
	);
}
