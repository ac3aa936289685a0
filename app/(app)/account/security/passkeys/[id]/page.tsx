import { notFound } from "next/navigation";
import { auth } from "@/auth";
import { readMessages } from "../../../../../preferences/preferences";
import { Card, PageHeading } from "../../../../../ui/card";
import { pageTitle } from "../../../../page-title";
import { RemovePasskeyForm, RenamePasskeyForm } from "../passkey-forms";

export const instant = false;

export const generateMetadata = () => pageTitle((m) => m.security.passkeys.title);

const untouched = { ok: false, values: {} };

export default async function PasskeyPage({ params }: PageProps<"/account/security/passkeys/[id]">) {
	await auth.protect({ maxAgeSeconds: 5 * 60 });
	const { id } = await params;
	const state = await auth.formState();
	const { passkeys } = await auth.factors();
	const passkey = passkeys.find((held) => held.id === id);
	if (passkey === undefined) notFound();
	const words = (await readMessages()).m.security.passkeys;
	// Two forms on one page: the one that was sent has put its fields into the state.
	const renamed = state.values.name !== undefined;
	return (
		<>
			<PageHeading title={passkey.name} />
			<Card>
				<RenamePasskeyForm state={renamed ? state : untouched} passkey={passkey} words={words} />
			</Card>
			<Card>
				<RemovePasskeyForm state={renamed ? untouched : state} passkey={passkey} words={words} />
			</Card>
		</>
	);
}
