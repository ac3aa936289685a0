import type { ReactNode } from "react";
import { CheckIcon, InfoIcon } from "./icons";

/** Something that is said on the page itself, and read out when it appears. */
export function Notice({ kind = "info", children }: { kind?: "info" | "success"; children: ReactNode }) {
	return (
		<div role="status" className="flex gap-3 rounded-lg border border-line bg-accent-soft px-4 py-3 text-ink">
			<span className="mt-0.5 text-accent">{kind === "success" ? <CheckIcon /> : <InfoIcon />}</span>
			<div className="min-w-0 space-y-1">{children}</div>
		</div>
	);
}
