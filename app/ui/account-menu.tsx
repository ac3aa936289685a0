import type { User } from "latchkey";
import Link from "next/link";
import type { Messages } from "@/messages/en";
import { button } from "./button";
import { ChevronIcon } from "./icons";

const item = "flex min-h-11 w-full items-center rounded-lg px-3 text-start hover:bg-sunken";

/** Who is signed in, and where to go from there. A native popover: it opens, closes on Escape and gives back the focus without a script. */
export function AccountMenu({ user, words }: { user: User; words: Messages["site"] }) {
	const name = displayName(user);
	return (
		<div className="flex items-center gap-1">
			<Link href="/dashboard" className={button("quiet", "max-sm:hidden px-3")}>
				{words.dashboard}
			</Link>
			<button
				type="button"
				popoverTarget="account-menu"
				aria-label={words.accountMenu}
				className={button("quiet", "gap-1 px-2")}
			>
				<span
					aria-hidden="true"
					className="grid size-8 place-items-center rounded-full bg-accent-soft font-semibold text-accent uppercase"
				>
					{[...name][0]}
				</span>
				<ChevronIcon className="size-4 text-muted" />
			</button>
			<div
				id="account-menu"
				popover="auto"
				className="account-menu w-72 max-w-[calc(100vw-2rem)] rounded-xl border border-line bg-surface p-2 shadow-card"
			>
				<p className="border-b border-line px-3 pt-1 pb-3 text-sm text-muted">
					{words.signedInAs}
					<span className="block truncate text-base font-medium text-ink">
						<bdi>{name}</bdi>
					</span>
				</p>
				<div className="pt-2">
					<Link href="/dashboard" className={item}>
						{words.dashboard}
					</Link>
					<Link href="/account" className={item}>
						{words.account}
					</Link>
					<form method="post" action="/api/auth/sign-out">
						<button type="submit" className={item}>
							{words.signOut}
						</button>
					</form>
				</div>
			</div>
		</div>
	);
}

/** What to call somebody: by what they gave, the friendliest first. */
export function displayName({ name, username, email }: Pick<User, "name" | "username" | "email">): string {
	return name ?? username ?? email ?? "?";
}
