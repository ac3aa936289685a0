import Link from "next/link";
import { fill } from "@/messages/format";
import { readMessages } from "../../preferences/preferences";
import { button } from "../../ui/button";
import { Entrance } from "../entrance";
import { longTime } from "../mail/long-time";
import { pageTitle } from "../page-title";

export const instant = false;

export const generateMetadata = () => pageTitle((m) => m.mail.goodbye.title);

/** Where somebody comes who has deleted their account. */
export default async function GoodbyePage({ searchParams }: PageProps<"/goodbye">) {
	const { deletes } = await searchParams;
	const { language, m } = await readMessages();
	const words = m.mail.goodbye;
	const isTime = typeof deletes === "string" && !Number.isNaN(Date.parse(deletes));
	return (
		<Entrance
			title={words.title}
			lead={isTime ? fill(words.scheduled, { time: longTime(language, deletes) }) : words.deleted}
		>
			<Link className={button("primary")} href="/">
				{words.home}
			</Link>
		</Entrance>
	);
}
