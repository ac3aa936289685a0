import type { ReactNode } from "react";
import { readMessages } from "../../preferences/preferences";
import { AccountNavigation } from "./account-navigation";

export default async function AccountLayout({ children }: { children: ReactNode }) {
	const words = (await readMessages()).m.account;
	return (
		<div className="mx-auto grid w-full max-w-5xl gap-x-12 gap-y-8 px-4 py-8 sm:px-6 md:grid-cols-[12rem_minmax(0,1fr)] md:py-12">
			<AccountNavigation words={words} />
			<div className="min-w-0 max-w-2xl space-y-8">{children}</div>
		</div>
	);
}
