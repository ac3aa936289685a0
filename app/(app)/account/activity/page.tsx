import type { SecurityEvent } from "latchkey/next";
import Link from "next/link";
import { auth } from "@/auth";
import { readMessages } from "../../../preferences/preferences";
import { button } from "../../../ui/button";
import { Card, PageHeading } from "../../../ui/card";
import { ArrowIcon } from "../../../ui/icons";
import { pageTitle } from "../../page-title";
import { EventRow } from "../event-row";

export const instant = false;

export const generateMetadata = () => pageTitle((m) => m.activity.title);

export default async function ActivityPage({ searchParams }: PageProps<"/account/activity">) {
	await auth.protect();
	const { before } = await searchParams;
	const { events, nextBefore } = await auth.events(typeof before === "string" ? { before } : {});
	const words = (await readMessages()).m.activity;
	return (
		<>
			<PageHeading title={words.title} lead={words.lead} />
			{events.length === 0 ? <p className="text-muted">{words.empty}</p> : <Events events={events} />}
			<div className="flex flex-wrap gap-3">
				{nextBefore !== null && (
					<Link className={button("secondary")} href={`/account/activity?before=${nextBefore}`}>
						{words.older}
						<ArrowIcon />
					</Link>
				)}
				{before !== undefined && (
					<Link className={button("quiet")} href="/account/activity">
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
