"use client";

import Link, { useLinkStatus } from "next/link";
import { usePathname } from "next/navigation";
import type { Messages } from "@/messages/en";

const pages = [
	["profile", "/account"],
	["password", "/account/password"],
	["security", "/account/security"],
	["email", "/account/email"],
	["devices", "/account/devices"],
	["connections", "/account/connections"],
	["activity", "/account/activity"],
	["data", "/account/data"],
	["appearance", "/account/appearance"],
] as const;

export function AccountNavigation({ words }: { words: Messages["account"] }) {
	const here = usePathname();
	return (
		<nav aria-label={words.navigation}>
			<ul className="-mx-3 flex flex-wrap gap-1 md:sticky md:top-6 md:flex-col">
				{pages.map(([name, path]) => (
					<li key={path}>
						<Link
							href={path}
							aria-current={here === path || (path !== "/account" && here.startsWith(`${path}/`)) ? "page" : undefined}
							className="flex min-h-11 items-center gap-2 rounded-lg px-3 text-muted max-md:text-sm hover:bg-sunken hover:text-ink aria-[current]:bg-accent-soft aria-[current]:font-medium aria-[current]:text-accent"
						>
							{words[name]}
							<OnTheWay />
						</Link>
					</li>
				))}
			</ul>
		</nav>
	);
}

/** Shows after a moment that a page is being fetched; a fast one shows nothing. */
function OnTheWay() {
	const { pending } = useLinkStatus();
	return (
		<span
			aria-hidden="true"
			className={`spinner transition-opacity delay-200 ${pending ? "opacity-100" : "opacity-0"} hidden md:block`}
		/>
	);
}
