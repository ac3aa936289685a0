import { auth } from "@/auth";
import { readMessages } from "../../../preferences/preferences";
import { button } from "../../../ui/button";
import { Card, PageHeading } from "../../../ui/card";
import { pageTitle } from "../../page-title";
import { DeleteForm } from "./delete-form";

export const instant = false;

export const generateMetadata = () => pageTitle((m) => m.data.title);

export default async function DataPage() {
	// Whoever finds an open browser should not walk away with everything.
	const { user } = await auth.protect({ maxAgeSeconds: 15 * 60 });
	const { password } = await auth.factors();
	const words = (await readMessages()).m.data;
	return (
		<>
			<PageHeading title={words.title} />
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
