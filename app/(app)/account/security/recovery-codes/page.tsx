import { auth } from "@/auth";
import { plural } from "@/messages/format";
import { readMessages } from "../../../../preferences/preferences";
import { Card, PageHeading } from "../../../../ui/card";
import { pageTitle } from "../../../page-title";
import { CodesForm } from "./codes-form";

export const instant = false;

export const generateMetadata = () => pageTitle((m) => m.security.codes.title);

export default async function RecoveryCodesPage() {
	await auth.protect({ maxAgeSeconds: 5 * 60 });
	const state = await auth.formState();
	const { totp, passkeyCount, recoveryCodes } = await auth.factors();
	const { language, m } = await readMessages();
	const words = m.security;
	return (
		<>
			<PageHeading title={words.codes.title} lead={words.codes.lead} />
			<Card>
				{totp === null && passkeyCount === 0 ? (
					<p>{words.codes.needsFactor}</p>
				) : (
					<CodesForm state={state} left={plural(language, words.codes.left, recoveryCodes)} words={words} />
				)}
			</Card>
		</>
	);
}
