import { auth } from "@/auth";
import { fill } from "@/messages/format";
import { readMessages } from "../../../../preferences/preferences";
import { PageHeading } from "../../../../ui/card";
import { Notice } from "../../../../ui/notice";
import { pageTitle } from "../../../page-title";
import { timeAgo } from "../../software";
import { AppForms } from "./app-forms";
import { TotpSetUp } from "./totp-set-up";

export const instant = false;

export const generateMetadata = () => pageTitle((m) => m.security.app.title);

export default async function AppPage({ searchParams }: PageProps<"/account/security/app">) {
	// Half of what a form allows, so that nobody is asked again in the middle of it.
	await auth.protect({ maxAgeSeconds: 5 * 60 });
	const state = await auth.formState();
	const { totp } = await auth.factors();
	const { language, m } = await readMessages();
	const words = m.security;
	const { removed, renamed } = await searchParams;
	const ago = (at: string) => timeAgo(language, at, Date.now());
	const enrolment = totp === null ? await auth.totpEnrolment(state) : null;
	return (
		<>
			<PageHeading title={words.app.title} lead={words.app.lead} />
			{removed !== undefined && totp === null && <Notice kind="success">{words.app.removed}</Notice>}
			{renamed !== undefined && totp !== null && <Notice kind="success">{words.app.renamed}</Notice>}
			<AppForms
				state={state}
				app={
					totp && {
						name: totp.name ?? "",
						added: fill(words.app.added, { when: ago(totp.createdAt) }),
						used: totp.lastUsedAt ? fill(words.app.lastUsed, { when: ago(totp.lastUsedAt) }) : words.app.neverUsed,
					}
				}
				enrolment={enrolment?.enrolment ?? ""}
				words={words}
			>
				{enrolment !== null && <TotpSetUp enrolment={enrolment} words={words.app} />}
			</AppForms>
		</>
	);
}
