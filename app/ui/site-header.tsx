import Link from "next/link";
import type { ReactNode } from "react";
import type { Messages } from "@/messages/en";
import { button } from "./button";
import { KeyholeIcon } from "./icons";

export function SiteHeader({ words, children }: { words: Messages["site"]; children: ReactNode }) {
	return (
		<header className="border-b border-line">
			<nav
				aria-label={words.mainNavigation}
				className="mx-auto flex min-h-16 max-w-5xl flex-wrap items-center justify-between gap-x-2 gap-y-1 px-4 py-2 sm:px-6"
			>
				<Link
					href="/"
					aria-label={words.home}
					className="flex min-h-11 items-center gap-2 rounded-lg text-lg font-semibold tracking-tight"
				>
					<KeyholeIcon className="size-6 text-accent" />
					<span lang="en" translate="no">
						Latchkey
					</span>
				</Link>
				{children}
			</nav>
		</header>
	);
}

/** As small as a finger allows where there is little room. */
export const headerButton = "max-sm:px-2.5 max-sm:text-sm px-3";

export function SignedOutLinks({ words }: { words: Messages["site"] }) {
	return (
		<div className="flex items-center gap-1">
			<Link href="/sign-in" className={button("quiet", headerButton)}>
				{words.signIn}
			</Link>
			<Link href="/sign-up" className={button("secondary", headerButton)}>
				{words.signUp}
			</Link>
		</div>
	);
}
