"use client";

import { Show } from "latchkey/react";
import Link from "next/link";
import { Suspense } from "react";
import type { Messages } from "@/messages/en";
import { button } from "../../../../ui/button";

export function HeroLinks({ words }: { words: Messages["landing"] }) {
	const strangers = (
		<>
			<Link href="/sign-up" className={button("primary")}>
				{words.createAccount}
			</Link>
			<Link href="/sign-in" className={button("secondary")}>
				{words.trySignIn}
			</Link>
		</>
	);
	return (
		<div className="flex flex-wrap gap-3">
			<Suspense fallback={strangers}>
				<Show when="signed-in" fallback={strangers}>
					<Link href="/dashboard" className={button("primary")}>
						{words.openDashboard}
					</Link>
				</Show>
			</Suspense>
		</div>
	);
}
