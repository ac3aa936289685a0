import type { Connection } from "latchkey/next";
import { auth } from "@/auth";
import type { Messages } from "@/messages/en";
import { fill, plural } from "@/messages/format";
import { readMessages } from "../../../preferences/preferences";
import { button } from "../../../ui/button";
import { Card, PageHeading } from "../../../ui/card";
import { LocalTime } from "../../../ui/local-time";
import { Notice } from "../../../ui/notice";
import { ProviderButtons } from "../../../ui/provider-buttons";
import { providerName } from "../../../ui/provider-name";
import { ProviderProblem } from "../../../ui/provider-problem";
import { pageTitle } from "../../page-title";
import { DisconnectButton, DisconnectForm } from "./connection-forms";

export const instant = false;

export const generateMetadata = () => pageTitle((m) => m.providers.title);

export default async function ConnectionsPage({ searchParams }: PageProps<"/account/connections">) {
	const session = await auth.protect();
	const { connections, providers } = await auth.connections();
	const { done, ended, problem, provider } = await searchParams;
	const { language, m } = await readMessages();
	const words = m.providers;
	const count = typeof ended === "string" && /^\d{1,4}$/.test(ended) ? Number(ended) : 0;
	const endedWithIt = count > 0 ? ` ${plural(language, words.endedWithIt, count)}` : "";
	const connected = new Set(connections.map((connection) => connection.provider));
	const free = providers.filter(({ id }) => !connected.has(id));
	return (
		<>
			<PageHeading title={words.title} lead={words.lead} />
			{done === "connected" && <Notice kind="success">{words.connected}</Notice>}
			{done === "disconnected" && <Notice kind="success">{words.disconnected + endedWithIt}</Notice>}
			<ProviderProblem problem={problem} provider={providers.find(({ id }) => id === provider)} words={words} />
			{connections.length === 0 ? (
				<p className="text-muted">{words.none}</p>
			) : (
				<Card className="py-0 sm:py-0">
					<DisconnectForm state={await auth.formState()} lastWayIn={words.lastWayIn}>
						<ul className="divide-y divide-line">
							{connections.map((connection) => (
								<ConnectionItem key={connection.id} connection={connection} words={words} />
							))}
						</ul>
						{connections.some(({ removable }) => removable) && (
							<p className="border-line border-t py-5 text-sm text-muted">{words.disconnectText}</p>
						)}
					</DisconnectForm>
				</Card>
			)}
			{free.length > 0 && (
				<section className="space-y-4">
					<h2 className="text-lg font-semibold">{words.connectTitle}</h2>
					<p className="text-muted">{words.connectText}</p>
					<ProviderButtons
						providers={free}
						action="/api/auth/identities"
						next="/account/connections"
						words={words}
						label={words.connectWith}
					/>
				</section>
			)}
			{session.amr.includes("fed") && (
				<section className="space-y-4">
					<h2 className="text-lg font-semibold">{words.leaveTitle}</h2>
					<p className="max-w-prose text-muted">{words.leaveText}</p>
					<form method="post" action="/api/auth/sign-out">
						<input type="hidden" name="atProvider" value="true" />
						<button type="submit" className={button("secondary")}>
							{words.leave}
						</button>
					</form>
				</section>
			)}
		</>
	);
}

function ConnectionItem({ connection, words }: { connection: Connection; words: Messages["providers"] }) {
	const { id, provider, label, connectedAt, removable } = connection;
	const name = providerName({ id: provider, name: connection.name }, words);
	return (
		<li className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3 py-5">
			<div className="min-w-0 space-y-1">
				<p className="font-medium">{name}</p>
				{label !== null && (
					<p className="text-muted">
						<bdi>{label}</bdi>
					</p>
				)}
				<p className="text-sm text-muted">
					{words.connectedAt} <LocalTime at={connectedAt} />
				</p>
				{!removable && <p className="text-sm text-muted">{words.lastWayIn}</p>}
			</div>
			{removable && (
				<DisconnectButton
					id={id}
					label={words.disconnect}
					description={fill(words.disconnectNamed, { provider: name })}
					pendingLabel={words.disconnecting}
				/>
			)}
		</li>
	);
}
