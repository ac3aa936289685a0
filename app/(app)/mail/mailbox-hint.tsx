import { auth } from "@/auth";
import type { Messages } from "@/messages/en";

/** Where mail goes while nothing is sent: shown in local development and nowhere else. */
export async function MailboxHint({ words }: { words: Messages["mail"] }) {
	if ((await auth.mailbox()) === null) return null;
	return (
		<p className="text-sm text-muted">
			<a className="link" href="/dev/mailbox">
				{words.developmentMailbox}
			</a>
		</p>
	);
}
