import type { TrustedDevice } from "latchkey/next";
import { auth } from "@/auth";
import { fill } from "@/messages/format";
import { readMessages } from "../../../preferences/preferences";
import { Card } from "../../../ui/card";
import { LocalTime } from "../../../ui/local-time";
import { SoftwareIcon, softwareName, timeAgo } from "../software";
import { DeviceButton, DevicesForm } from "./device-forms";

/** Where the second step is not asked for; nothing for whoever has chosen that nowhere. */
export async function TrustedDevices() {
	const devices = await auth.trustedDevices();
	if (devices.length === 0) return null;
	const { m } = await readMessages();
	const words = m.trustedDevices;
	return (
		<section className="space-y-4">
			<h2 className="text-lg font-semibold">{words.title}</h2>
			<p className="text-muted">{words.lead}</p>
			<Card className="py-0 sm:py-0">
				<DevicesForm act="forget" state={await auth.formState()}>
					<ul className="divide-y divide-line">
						{devices.map((device) => (
							<li
								key={device.id}
								className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3 py-5 sm:flex-nowrap"
							>
								<TrustedRow device={device} />
								<DeviceButton
									id={device.id}
									label={words.forget}
									description={fill(words.forgetNamed, { device: softwareName(m.devices, device.userAgent) })}
									pendingLabel={words.pending}
								/>
							</li>
						))}
					</ul>
				</DevicesForm>
			</Card>
		</section>
	);
}

async function TrustedRow({ device }: { device: TrustedDevice }) {
	const { language, m } = await readMessages();
	const words = m.trustedDevices;
	return (
		<div className="flex min-w-0 gap-4">
			<span className="mt-0.5 text-muted">
				<SoftwareIcon userAgent={device.userAgent} />
			</span>
			<div className="min-w-0 space-y-1">
				<p className="font-medium">{softwareName(m.devices, device.userAgent)}</p>
				{device.current && (
					<span className="inline-block rounded-full bg-accent-soft px-2.5 py-0.5 text-sm font-medium text-accent">
						{m.devices.thisDevice}
					</span>
				)}
				<p className="text-muted">{fill(words.lastUsed, { when: timeAgo(language, device.lastUsedAt, Date.now()) })}</p>
				<p className="text-sm text-muted">
					{words.trusted} <LocalTime at={device.trustedAt} /> {words.until} <LocalTime at={device.expiresAt} />
				</p>
			</div>
		</div>
	);
}
