import { notFound } from "next/navigation";
import { auth } from "@/auth";
import type { Messages } from "@/messages/en";
import { readMessages } from "../../preferences/preferences";
import { Card, PageHeading } from "../../ui/card";
import { Notice } from "../../ui/notice";
import { ProviderButtons } from "../../ui/provider-buttons";
import { pageTitle } from "../page-title";
import { AskFromBrowser } from "./ask-from-browser";
import { type Contact, readContacts } from "./contacts";

export const instant = false;

export const generateMetadata = () => pageTitle((m) => m.contacts.title);

/** Another API called for the visitor, twice: by this page on the server, and by the browser through /api/bff. */
export default async function ContactsPage() {
	await auth.protect();
	const example = (await auth.providers()).find(({ id }) => id === "example");
	if (example === undefined) notFound();
	const { m } = await readMessages();
	const words = m.contacts;
	const contacts = await readContacts();
	return (
		<div className="mx-auto w-full max-w-3xl space-y-8 px-4 py-8 sm:px-6 md:py-12">
			<PageHeading title={words.title} lead={words.lead} />
			{contacts === "unavailable" && <Notice>{words.unavailable}</Notice>}
			{contacts === "reconnect" && (
				<Card>
					<section className="space-y-4">
						<h2 className="text-lg font-semibold">{words.connectTitle}</h2>
						<p className="text-muted">{words.connectText}</p>
						<ProviderButtons
							providers={[example]}
							action="/api/auth/identities"
							next="/contacts"
							words={m.providers}
							label={m.providers.connectWith}
						/>
					</section>
				</Card>
			)}
			{typeof contacts === "object" && <ContactList contacts={contacts} words={words} />}
			<section className="space-y-4">
				<h2 className="text-lg font-semibold">{words.browserTitle}</h2>
				<p className="max-w-prose text-muted">{words.browserText}</p>
				<noscript>
					<p>{words.needsScript}</p>
				</noscript>
				<div className="hidden scripted:block">
					<AskFromBrowser words={words} />
				</div>
			</section>
		</div>
	);
}

function ContactList({ contacts, words }: { contacts: readonly Contact[]; words: Messages["contacts"] }) {
	return (
		<Card className="py-0 sm:py-0">
			<ul className="divide-y divide-line">
				{contacts.map(({ name, email }) => (
					<li key={name} className="space-y-1 py-4">
						<p className="font-medium">
							<bdi>{name}</bdi>
						</p>
						<p className="text-sm break-words text-muted">
							<bdi>{email ?? words.noEmail}</bdi>
						</p>
					</li>
				))}
			</ul>
		</Card>
	);
}
