import { type EventType, eventTypes } from "latchkey";
import type { SecurityEvent } from "latchkey/next";
import Link from "next/link";
import { auth } from "@/auth";
import type { Messages } from "@/messages/en";
import { readMessages } from "../../../preferences/preferences";
import { button } from "../../../ui/button";
import { Card, PageHeading } from "../../../ui/card";
import { ArrowIcon } from "../../../ui/icons";
import { pageTitle } from "../../page-title";
import { EventRow } from "../event-row";

export const instant = false;

export const generateMetadata = () => pageTitle((m) => m.activity.title);

const isOfSigningIn = (type: EventType) =>
	/^(sign_in|reauthentication|sessions?|second_step|recovery_code)\b/.test(type);

const shown = {
	all: undefined,
	"sign-ins": eventTypes.filter(isOfSigningIn),
	changes: eventTypes.filter((type) => !isOfSigningIn(type)),
} as const;
type Shown = keyof typeof shown;

export default async function ActivityPage({ searchParams }: PageProps<"/account/activity">) {
	await auth.protect();
	const { before, show } = await searchParams;
	const wanted: Shown = show === "sign-ins" || show === "changes" ? show : "all";
	const { events, nextBefore } = await auth.events({
		types: shown[wanted],
		before: typeof before === "string" ? before : undefined,
	});
	const words = (await readMessages()).m.activity;
	return (
		<>
			<PageHeading title={words.title} lead={words.lead} />
			<Filter words={words} wanted={wanted} />
			{events.length === 0 ? <p className="text-muted">{words.empty}</p> : <Events events={events} />}
			<div className="flex flex-wrap gap-3">
				{nextBefore !== null && (
					<Link className={button("secondary")} href={pathOf(wanted, nextBefore)}>
						{words.older}
						<ArrowIcon />
					</Link>
				)}
				{before !== undefined && (
					<Link className={button("quiet")} href={pathOf(wanted)}>
						{words.newest}
					</Link>
				)}
				<Link className={button("secondary")} href="/account/password">
					{words.changePassword}
				</Link>
			</div>
		</>
	);
}

function pathOf(show: Shown, before?: string) {
	const query = { ...(show !== "all" && { show }), ...(before !== undefined && { before }) };
	return { pathname: "/account/activity", query } as const;
}

function Filter({ words, wanted }: { words: Messages["activity"]; wanted: Shown }) {
	return (
		<nav aria-label={words.show} className="flex flex-wrap gap-1">
			{(Object.keys(shown) as Shown[]).map((show) => (
				<Link
					key={show}
					href={pathOf(show)}
					aria-current={show === wanted ? "true" : undefined}
					className={button("quiet", "aria-[current]:bg-accent-soft aria-[current]:text-accent")}
				>
					{words.shown[show]}
				</Link>
			))}
		</nav>
	);
}

function Events({ events }: { events: readonly SecurityEvent[] }) {
	return (
		<Card className="py-0 sm:py-0">
			<ol className="divide-y divide-line">
				{events.map((event) => (
					<li key={event.id} className="py-4">
						<EventRow event={event} />
					</li>
				))}
			</ol>
		</Card>
	);
}
