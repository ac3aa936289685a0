import Link from "next/link";
import { type ReactNode, Suspense } from "react";
import { auth } from "@/auth";
import { fill } from "@/messages/format";
import { readMessages } from "../../preferences/preferences";
import { displayName } from "../../ui/account-menu";
import { Card, PageHeading } from "../../ui/card";
import { ArrowIcon } from "../../ui/icons";
import { LocalTime } from "../../ui/local-time";
import { EventRow } from "../account/event-row";
import { pageTitle } from "../page-title";
import { RecoveryUsed } from "../recovery-used";
import { NoteForm } from "./note-form";
import { readNote } from "./notes";
import { PasskeyUpgrade } from "./passkey-upgrade";

export const instant = false;

export const generateMetadata = () => pageTitle((m) => m.dashboard.title);

export default async function DashboardPage() {
	const session = await auth.protect();
	const { user } = session;
	const words = (await readMessages()).m.dashboard;
	const { passkeyCount } = await auth.factors();
	return (
		<div className="mx-auto w-full max-w-5xl space-y-8 px-4 py-8 sm:px-6 md:py-12">
			<PageHeading title={fill(words.greeting, { name: `\u2068${displayName(user)}\u2069` })} lead={words.lead} />
			<RecoveryUsed />
			<div className="grid items-start gap-6 md:grid-cols-2">
				<div className="min-w-0 space-y-6">
					<Section title={words.you}>
						<dl className="space-y-3">
							<Fact term={words.name}>{user.name ?? words.noName}</Fact>
							<Fact term={words.email}>{user.email}</Fact>
							<Fact term={words.username}>{user.username ?? words.noUsername}</Fact>
							<Fact term={words.memberSince}>
								<LocalTime at={user.createdAt} style="day" />
							</Fact>
							<Fact term={words.sessionEnds}>
								<LocalTime at={session.expiresAt} style="day" />
							</Fact>
						</dl>
						<MoreLink href="/account">{words.editProfile}</MoreLink>
					</Section>
					<Section title={words.fetchTitle}>
						<p className="text-muted">{words.fetchText}</p>
						<MoreLink href="/fetch">{words.fetchLink}</MoreLink>
					</Section>
					<ContactsElsewhere />
				</div>
				<div className="min-w-0 space-y-6">
					<Section title={words.noteTitle}>
						<NoteForm note={readNote(user.id)} words={words} />
					</Section>
					<Section title={words.recent}>
						<Suspense fallback={<RecentSkeleton />}>
							<RecentActivity />
						</Suspense>
						<MoreLink href="/account/activity">{words.recentAll}</MoreLink>
					</Section>
				</div>
			</div>
			{passkeyCount === 0 && session.amr.includes("pwd") && <PasskeyUpgrade />}
		</div>
	);
}

const recentEvents = 4;

/** Streams in when it is ready; the page does not wait for it. */
async function RecentActivity() {
	const { events } = await auth.events();
	return (
		<ol className="divide-y divide-line">
			{events.slice(0, recentEvents).map((event) => (
				<li key={event.id} className="py-3 first:pt-0">
					<EventRow event={event} />
				</li>
			))}
		</ol>
	);
}

async function RecentSkeleton() {
	const words = (await readMessages()).m.dashboard;
	return (
		<>
			<noscript>
				<p className="text-muted">{words.recentWithoutScript}</p>
			</noscript>
			<div aria-hidden="true" className="hidden divide-y divide-line scripted:block">
				{Array.from({ length: recentEvents }, (_, row) => (
					// biome-ignore lint/suspicious/noArrayIndexKey: rows that are all alike.
					<div key={row} className="space-y-2 py-3 first:pt-0">
						<div className="skeleton h-5 w-40" />
						<div className="skeleton h-4 w-full max-w-64" />
					</div>
				))}
			</div>
		</>
	);
}

/** Where the example provider is offered, which is in local development. */
async function ContactsElsewhere() {
	if (!(await auth.providers()).some(({ id }) => id === "example")) return null;
	const words = (await readMessages()).m.contacts;
	return (
		<Section title={words.title}>
			<p className="text-muted">{words.browserText}</p>
			<MoreLink href="/contacts">{words.link}</MoreLink>
		</Section>
	);
}

function Section({ title, children }: { title: string; children: ReactNode }) {
	return (
		<Card>
			<section className="space-y-4">
				<h2 className="text-lg font-semibold">{title}</h2>
				{children}
			</section>
		</Card>
	);
}

function Fact({ term, children }: { term: string; children: ReactNode }) {
	return (
		<div>
			<dt className="text-sm text-muted">{term}</dt>
			<dd className="break-words">
				<bdi>{children}</bdi>
			</dd>
		</div>
	);
}

interface MoreLinkProps {
	href: "/account" | "/account/activity" | "/fetch" | "/contacts";
	children: ReactNode;
}

function MoreLink({ href, children }: MoreLinkProps) {
	return (
		<Link href={href} className="link inline-flex min-h-8 items-center gap-1.5 font-medium">
			{children}
			<ArrowIcon />
		</Link>
	);
}
