import type { Metadata } from "next";
import Link from "next/link";
import { messagesIn } from "@/messages/words";
import { button } from "./ui/button";
import { Document } from "./ui/document";

const words = messagesIn("en").notFound;

export const metadata: Metadata = { title: `${words.title} – Latchkey` };

/**
 * For a page that finds out by itself that it is not there, such as `/welcome/xx/light` typed by hand. Prerendered, so it
 * knows nothing of the visitor; every other missing address is answered by `/missing`.
 */
export default function GlobalNotFound() {
	return (
		<Document language="en" theme="system" session={Promise.resolve(null)} account={null}>
			<div className="mx-auto w-full max-w-md space-y-4 px-4 py-16">
				<h1 className="text-2xl font-semibold tracking-tight">{words.title}</h1>
				<p className="text-muted">{words.text}</p>
				<Link href="/" className={button("primary")}>
					{words.link}
				</Link>
			</div>
		</Document>
	);
}
