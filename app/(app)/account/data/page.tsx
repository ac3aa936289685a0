import { auth } from "@/auth";
import { fill } from "@/messages/format";
import { readMessages } from "../../../preferences/preferences";
import { button } from "../../../ui/button";
import { Card, PageHeading } from "../../../ui/card";
import { Notice } from "../../../ui/notice";
import { ButtonForm } from "../../mail/button-form";
import { longTime } from "../../mail/long-time";
import { pageTitle } from "../../page-title";
import { DeleteForm } from "./delete-form";

export const instant = false;

export const generateMetadata = () => pageTitle((m) => m.data.title);

export default async function DataPage() {
	// Whoever finds an open browser should not walk away with everything. The export itself asks for a proof of the last
	// ten minutes: this leaves five of them to press the link in.
	const { user } = await auth.protect({ maxAgeSeconds: 5 * 60 });
	const { language, m } = await readMessages();
	const words = m.data;
	const { password } = await auth.factors();
	const deletesAt = await auth.pendingDeletion();
	return (
		<>
			<PageHeading title={words.title} />
			{deletesAt !== null && (
				<Notice>
					<p>{fill(m.mail.deletion.when, { time: longTime(language, deletesAt) })}</p>
					<ButtonForm
						action="keepAccount"
						state={await auth.formState()}
						next="/account/data"
						label={m.mail.deletion.keep}
						words={m.mail}
					/>
				</Notice>
			)}
			<Card>
				<section className="space-y-4">
					<h2 className="text-lg font-semibold">{words.exportTitle}</h2>
					<p className="text-muted">{words.exportText}</p>
					<a className={button("secondary")} href="/api/auth/user/export" download>
						{words.exportLink}
					</a>
				</section>
			</Card>
			<Card>
				<section className="space-y-4">
					<h2 className="text-lg font-semibold">{words.deleteTitle}</h2>
					<p className="text-muted">{words.deleteText}</p>
					<DeleteForm
						state={await auth.formState()}
						identifier={user.email ?? user.username ?? ""}
						hasPassword={password}
						words={words}
					/>
				</section>
			</Card>
		</>
	);
}
