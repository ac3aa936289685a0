import type { SecurityEvent } from "latchkey/next";
import { readMessages } from "../../preferences/preferences";
import { LocalTime } from "../../ui/local-time";
import { softwareName } from "./software";

/** One thing that happened to an account, in words. */
export async function EventRow({ event }: { event: SecurityEvent }) {
	const { m } = await readMessages();
	const words: Record<string, string> = m.activity.events;
	return (
		<div className="space-y-0.5">
			<p className="font-medium">{words[event.type] ?? m.activity.otherEvent}</p>
			<p className="text-sm text-muted">
				<LocalTime at={event.at} />
				{event.userAgent !== null && <> · {softwareName(m.devices, event.userAgent)}</>}
				{event.address !== null && (
					<>
						{" · "}
						<bdi dir="ltr">{event.address}</bdi>
					</>
				)}
			</p>
		</div>
	);
}
