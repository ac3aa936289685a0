import { readMessages } from "../../preferences/preferences";
import { PageHeading } from "../../ui/card";
import { pageTitle } from "../page-title";
import { Requests } from "./requests";

export const instant = false;

export const generateMetadata = () => pageTitle((m) => m.fetch.title);

/** Open to everybody: what it shows, each visitor's own requests bring. */
export default async function FetchPage() {
	const words = (await readMessages()).m.fetch;
	return (
		<div className="mx-auto w-full max-w-3xl space-y-8 px-4 py-8 sm:px-6 md:py-12">
			<PageHeading title={words.title} lead={words.lead} />
			<noscript>
				<p>{words.needsScript}</p>
			</noscript>
			<div className="hidden scripted:block">
				<Requests words={words} />
			</div>
		</div>
	);
}
