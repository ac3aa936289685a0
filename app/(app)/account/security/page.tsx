import Link from "next/link";
import type { ReactNode } from "react";
import { auth } from "@/auth";
import { plural } from "@/messages/format";
import { readMessages } from "../../../preferences/preferences";
import { button } from "../../../ui/button";
import { Card, PageHeading } from "../../../ui/card";
import { Notice } from "../../../ui/notice";
import { pageTitle } from "../../page-title";
import { RecoveryUsed } from "../../recovery-used";
import { SecondStepForm } from "./second-step-form";

export const instant = false;

export const generateMetadata = () => pageTitle((m) => m.security.title);

export default async function SecurityPage({ searchParams }: PageProps<"/account/security">) {
	await auth.protect();
	const { saved } = await searchParams;
	const { password, totp, passkeyCount, recoveryCodes, secondStep } = await auth.factors();
	const { language, m } = await readMessages();
	const words = m.security;
	const hasFactor = totp !== null || passkeyCount > 0;
	return (
		<>
			<PageHeading title={words.title} lead={words.lead} />
			{saved !== undefined && <Notice kind="success">{words.saved}</Notice>}
			<RecoveryUsed />
			<Way
				title={m.password.title}
				lead={words.password.lead}
				state={password ? words.on : words.none}
				href="/account/password"
				action={password ? words.password.change : words.setUp}
			/>
			<Way
				title={words.passkeys.title}
				lead={words.passkeys.lead}
				state={passkeyCount === 0 ? words.none : plural(language, words.passkeys.count, passkeyCount)}
				href="/account/security/passkeys"
				action={passkeyCount === 0 ? words.setUp : words.manage}
			/>
			<Way
				title={words.app.title}
				lead={words.app.lead}
				state={totp === null ? words.off : (totp.name ?? words.on)}
				href="/account/security/app"
				action={totp === null ? words.setUp : words.manage}
			/>
			<Way
				title={words.codes.title}
				lead={words.codes.lead}
				state={recoveryCodes === 0 ? words.none : plural(language, words.codes.left, recoveryCodes)}
				href="/account/security/recovery-codes"
				action={recoveryCodes === 0 ? words.setUp : words.manage}
			/>
			<Card>
				<section className="space-y-3">
					<h2 className="text-lg font-semibold">{words.step.title}</h2>
					<p className="text-muted">{words.step.lead}</p>
					{!hasFactor && <p>{words.step.needsFactor}</p>}
					{hasFactor && totp !== null && <p>{words.step.forced}</p>}
					{hasFactor && totp === null && (
						<SecondStepForm state={await auth.formState()} on={secondStep} words={words.step} />
					)}
				</section>
			</Card>
		</>
	);
}

interface WayProps {
	title: string;
	lead: string;
	/** How it stands. */
	state: string;
	href:
		| "/account/password"
		| "/account/security/passkeys"
		| "/account/security/app"
		| "/account/security/recovery-codes";
	action: ReactNode;
}

function Way({ title, lead, state, href, action }: WayProps) {
	return (
		<Card>
			<section className="space-y-3">
				<h2 className="text-lg font-semibold">{title}</h2>
				<p className="text-muted">{lead}</p>
				<div className="flex flex-wrap items-center justify-between gap-3">
					<p className="font-medium">{state}</p>
					<Link className={button("secondary")} href={href} aria-label={`${action}: ${title}`}>
						{action}
					</Link>
				</div>
			</section>
		</Card>
	);
}
