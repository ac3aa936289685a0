import type { Device } from "latchkey/next";
import Link from "next/link";
import { auth } from "@/auth";
import { fill, plural } from "@/messages/format";
import { readMessages } from "../../../preferences/preferences";
import { button } from "../../../ui/button";
import { Card, PageHeading } from "../../../ui/card";
import { LocalTime } from "../../../ui/local-time";
import { Notice } from "../../../ui/notice";
import { pageTitle } from "../../page-title";
import { SoftwareIcon, softwareName, timeAgo } from "../software";
import { DeviceButton, DevicesForm, EndOthersForm } from "./device-forms";
import { TrustedDevices } from "./trusted-devices";

export const instant = false;

export const generateMetadata = () => pageTitle((m) => m.devices.title);

export default async function DevicesPage({ searchParams }: PageProps<"/account/devices">) {
	await auth.protect();
	const { done, before } = await searchParams;
	const page = await auth.devices(typeof before === "string" ? { before } : {});
	const { language, m } = await readMessages();
	const words = m.devices;
	const others = page.sessions.filter((device) => !device.current);
	const describe = (device: Device) => softwareName(words, device.userAgent);
	return (
		<>
			<PageHeading title={words.title} lead={words.lead} />
			{done === "one" && <Notice kind="success">{words.ended}</Notice>}
			{done === "others" && <Notice kind="success">{words.endedOthers}</Notice>}
			{done === "forgotten" && <Notice kind="success">{m.trustedDevices.forgotten}</Notice>}
			{page.sessions
				.filter((device) => device.current)
				.map((device) => (
					<Card key={device.id}>
						<DeviceRow device={device} name={describe(device)}>
							<span className="inline-block rounded-full bg-accent-soft px-2.5 py-0.5 text-sm font-medium text-accent">
								{words.thisDevice}
							</span>
							<p className="text-muted">{words.activeNow}</p>
						</DeviceRow>
					</Card>
				))}
			{others.length === 0 ? (
				<p className="text-muted">{words.onlyThis}</p>
			) : (
				<section className="space-y-4">
					<h2 className="text-lg font-semibold">{plural(language, words.count, others.length)}</h2>
					<Card className="py-0 sm:py-0">
						<DevicesForm act="end" state={await auth.formState()}>
							<ul className="divide-y divide-line">
								{others.map((device) => (
									<li
										key={device.id}
										className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3 py-5 sm:flex-nowrap"
									>
										<DeviceRow device={device} name={describe(device)}>
											<p className="text-muted">
												{fill(words.lastActive, { when: timeAgo(language, device.lastSeenAt, Date.now()) })}
											</p>
										</DeviceRow>
										<DeviceButton
											id={device.id}
											label={words.end}
											description={fill(words.endNamed, { device: describe(device) })}
											pendingLabel={words.pending}
										/>
									</li>
								))}
							</ul>
						</DevicesForm>
					</Card>
					{page.nextBefore !== null && (
						<Link className={button("secondary")} href={`/account/devices?before=${page.nextBefore}`}>
							{words.more}
						</Link>
					)}
					<EndOthersForm words={words} />
				</section>
			)}
			<TrustedDevices />
		</>
	);
}

async function DeviceRow({ device, name, children }: { device: Device; name: string; children: React.ReactNode }) {
	const words = (await readMessages()).m.devices;
	return (
		<div className="flex min-w-0 gap-4">
			<span className="mt-0.5 text-muted">
				<SoftwareIcon userAgent={device.userAgent} />
			</span>
			<div className="min-w-0 space-y-1">
				<p className="font-medium">{name}</p>
				{children}
				<p className="text-sm text-muted">
					{words.signedInAt} <LocalTime at={device.createdAt} />
					{device.address !== null && (
						<>
							{" · "}
							<bdi dir="ltr">{device.address}</bdi>
						</>
					)}
				</p>
			</div>
		</div>
	);
}
