import type { ReactNode } from "react";

export function Card({ children, className = "" }: { children: ReactNode; className?: string }) {
	return (
		<div className={`rounded-2xl border border-line bg-surface p-5 shadow-card sm:p-7 ${className}`}>{children}</div>
	);
}

export function PageHeading({ title, lead }: { title: string; lead?: string | undefined }) {
	return (
		<div className="space-y-2">
			<h1 className="text-2xl font-semibold tracking-tight sm:text-3xl">{title}</h1>
			{lead !== undefined && <p className="max-w-prose text-muted">{lead}</p>}
		</div>
	);
}
