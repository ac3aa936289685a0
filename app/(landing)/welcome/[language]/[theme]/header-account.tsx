"use client";

import { useUser } from "latchkey/react";
import Link from "next/link";
import type { Messages } from "@/messages/en";
import { AccountMenu } from "../../../../ui/account-menu";
import { button } from "../../../../ui/button";
import { headerButton, SignedOutLinks } from "../../../../ui/site-header";

interface Props {
	words: Messages["site"];
}

/** Who is signed in, once that is known. */
export function HeaderAccount({ words }: Props) {
	const user = useUser();
	return user === null ? <SignedOutLinks words={words} /> : <AccountMenu user={user} words={words} />;
}

/** As long and as high as what comes. Without JavaScript nothing comes, so there it leads on by itself. */
export function HeaderWaiting({ words }: Props) {
	return (
		<div className="flex items-center gap-1">
			<noscript>
				<Link href="/sign-in" className={button("quiet", headerButton)}>
					{words.signIn}
				</Link>
				<Link href="/account" className={button("secondary", headerButton)}>
					{words.account}
				</Link>
			</noscript>
			<div className="hidden min-h-11 items-center gap-3 scripted:flex">
				<span className="sr-only">{words.checkingSession}</span>
				<span aria-hidden="true" className="skeleton h-5 w-14" />
				<span aria-hidden="true" className="skeleton h-9 w-20" />
			</div>
		</div>
	);
}
