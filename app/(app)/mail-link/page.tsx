import Link from "next/link";
import { auth } from "@/auth";
import { fill } from "@/messages/format";
import { readMessages } from "../../preferences/preferences";
import { button } from "../../ui/button";
import { Entrance } from "../entrance";
import { ButtonForm } from "../mail/button-form";
import { isolated } from "../mail/isolated";
import { ValidUntil } from "../mail/valid-until";
import { pageTitle } from "../page-title";

export const instant = false;

export const generateMetadata = () => pageTitle((m) => m.mail.link.title);

/** Where links lead that undo something, and those that are broken. */
export default async function MailLinkPage({ searchParams }: PageProps<"/mail-link">) {
	const isBroken = (await searchParams).broken !== undefined;
	const { language, m } = await readMessages();
	const words = m.mail;
	const link = isBroken ? null : await auth.mailLink();
	const undo = undoOf(link, words.link);
	const ways = (
		<div className="flex flex-wrap gap-3">
			<Link className={button("primary")} href="/forgot-password">
				{words.forgot.title}
			</Link>
			<Link className={button("secondary")} href="/sign-in">
				{words.forgot.back}
			</Link>
		</div>
	);
	if (link === null || undo === null) {
		return (
			<Entrance title={words.link.title} lead={isBroken ? words.link.broken : words.link.nothing}>
				{ways}
			</Entrance>
		);
	}
	return (
		<Entrance title={undo.title} lead={fill(undo.text, { email: isolated(link.email) })}>
			{link.expired ? (
				<div className="space-y-4">
					<p>{words.link.expired}</p>
					{ways}
				</div>
			) : (
				<div className="space-y-4">
					<ButtonForm
						action="undoByLink"
						state={await auth.formState()}
						next={undo.next}
						label={undo.label}
						words={words}
					/>
					<ValidUntil time={link.expiresAt} language={language} words={words} />
				</div>
			)}
		</Entrance>
	);
}

function undoOf(
	link: Awaited<ReturnType<typeof auth.mailLink>>,
	words: Awaited<ReturnType<typeof readMessages>>["m"]["mail"]["link"],
) {
	if (link?.purpose === "email-undo") {
		const { emailUndoTitle: title, emailUndoText: text, emailUndo: label } = words;
		return { title, text, label, next: "/forgot-password?undone" };
	}
	if (link?.purpose === "deletion-undo") {
		const { deletionUndoTitle: title, deletionUndoText: text, deletionUndo: label } = words;
		return { title, text, label, next: "/sign-in?kept" };
	}
	return null;
}
