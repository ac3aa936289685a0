import { auth } from "@/auth";
import { readMessages } from "../../../preferences/preferences";
import { Entrance } from "../../entrance";
import { pageTitle } from "../../page-title";

export const instant = false;

export const generateMetadata = () => pageTitle((m) => m.security.confirm.done);

/** Where a confirmation in a tab of its own ends: the form waits in the other. */
export default async function ConfirmedPage() {
	await auth.protect();
	const words = (await readMessages()).m.security.confirm;
	return (
		<Entrance title={words.done}>
			<p>{words.doneText}</p>
		</Entrance>
	);
}
