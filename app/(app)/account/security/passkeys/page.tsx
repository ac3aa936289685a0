import type { Passkey } from "latchkey/next";
import Link from "next/link";
import { auth } from "@/auth";
import { fill } from "@/messages/format";
import { readMessages } from "../../../../preferences/preferences";
import { button } from "../../../../ui/button";
import { Card, PageHeading } from "../../../../ui/card";
import { Notice } from "../../../../ui/notice";
import { pageTitle } from "../../../page-title";
import { OwnPasskeySignals } from "../../own-passkey-signals";
import { timeAgo } from "../../software";
import { AddPasskeyForm } from "./passkey-forms";

export const instant = false;

export const generateMetadata = () => pageTitle((m) => m.security.passkeys.title);

export default async function PasskeysPage({ searchParams }: PageProps<"/account/security/passkeys">) {
	await auth.protect({ maxAgeSeconds: 5 * 60 });
	const { done } = await searchParams;
	const { passkeys } = await auth.factors();
	const words = (await readMessages()).m.security.passkeys;
	return (
		<>
			<PageHeading title={words.title} lead={words.lead} />
			{done === "added" && <Notice kind="success">{words.added}</Notice>}
			{done === "renamed" && <Notice kind="success">{words.renamed}</Notice>}
			{done === "removed" && <Notice kind="success">{words.removed}</Notice>}
			<Card>
				{passkeys.length === 0 ? (
					<p className="text-muted">{words.empty}</p>
				) : (
					<ul className="divide-y divide-line">
						{passkeys.map((passkey) => (
							<li key={passkey.id} className="py-4 first:pt-0 last:pb-0">
								<PasskeyRow passkey={passkey} />
							</li>
						))}
					</ul>
				)}
			</Card>
			<Card>
				<AddPasskeyForm words={words} />
				<noscript>
					<p>{words.needsScript}</p>
				</noscript>
			</Card>
			<OwnPasskeySignals />
		</>
	);
}

async function PasskeyRow({ passkey }: { passkey: Passkey }) {
	const { language, m } = await readMessages();
	const words = m.security.passkeys;
	const ago = (at: string) => timeAgo(language, at, Date.now());
	return (
		<div className="flex flex-wrap items-center justify-between gap-3">
			<div className="min-w-0 space-y-0.5">
				<p className="font-medium break-words">
					<bdi>{passkey.name}</bdi>
				</p>
				<p className="text-sm text-muted">
					{fill(words.created, { when: ago(passkey.createdAt) })}
					{" · "}
					{passkey.lastUsedAt === null ? words.neverUsed : fill(words.lastUsed, { when: ago(passkey.lastUsedAt) })}
				</p>
				<p className="text-sm text-muted">{passkey.synced ? words.synced : words.bound}</p>
			</div>
			<Link
				className={button("secondary")}
				href={`/account/security/passkeys/${passkey.id}`}
				aria-label={fill(words.manageNamed, { name: `\u2068${passkey.name}\u2069` })}
			>
				{m.security.manage}
			</Link>
		</div>
	);
}
