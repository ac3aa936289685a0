import type { ReactNode } from "react";
import { Card, PageHeading } from "../ui/card";

interface EntranceProps {
	title: string;
	lead?: string | undefined;
	/** What to know before the form. */
	notice?: ReactNode;
	/** Where else to go. */
	aside?: ReactNode;
	children: ReactNode;
}

/** The frame of the pages that somebody comes in by. */
export function Entrance({ title, lead, notice, aside, children }: EntranceProps) {
	return (
		<div className="mx-auto w-full max-w-md space-y-6 px-4 py-10 sm:py-16">
			<PageHeading title={title} lead={lead} />
			{notice}
			<Card>{children}</Card>
			{aside !== undefined && <p className="text-muted">{aside}</p>}
		</div>
	);
}
