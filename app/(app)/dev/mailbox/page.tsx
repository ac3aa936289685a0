import { notFound } from "next/navigation";
import { auth } from "@/auth";
import { readMessages } from "../../../preferences/preferences";
import { Card, PageHeading } from "../../../ui/card";
import { LocalTime } from "../../../ui/local-time";
import { pageTitle } from "../../page-title";

export const instant = false;

export const generateMetadata = () => pageTitle((m) => m.mail.mailbox.title);

/** What would have been sent. There for local development: at any other address of the site there is no such page. */
export default async function MailboxPage() {
	const mails = await auth.mailbox();
	if (mails === null) notFound();
	const { m } = await readMessages();
	const words = m.mail.mailbox;
	return (
		<div className="mx-auto w-full max-w-3xl space-y-6 px-4 py-10">
			<PageHeading title={words.title} lead={words.lead} />
			{mails.length === 0 && <p className="text-muted">{words.empty}</p>}
			{mails.map((mail) => (
				<Card key={mail.id}>
					<article className="space-y-3">
						<h2 className="text-lg font-semibold" dir="auto">
							<bdi>{mail.subject}</bdi>
						</h2>
						<p className="text-sm text-muted">
							{words.to} <bdi>{mail.to}</bdi> · <LocalTime at={new Date(mail.sentAt).toISOString()} />
						</p>
						<pre
							dir="auto"
							lang={mail.language}
							className="overflow-x-auto whitespace-pre-wrap break-words text-sm"
							translate="no"
						>
							{linked(mail.text)}
						</pre>
						<a className="link text-sm" href={`/dev/mailbox/${mail.id}`}>
							{words.html}
						</a>
					</article>
				</Card>
			))}
		</div>
	);
}

/** The text with its addresses as links, as a mail client shows it. */
function linked(text: string) {
	return text.split(/(https?:\/\/\S+)/).map((part, index) =>
		index % 2 === 0 ? (
			part
		) : (
			<a key={part} className="link break-all" href={part}>
				{part}
			</a>
		),
	);
}
