import type { Metadata } from "next";
import type { ReactNode } from "react";
import { auth } from "@/auth";
import { messagesIn } from "@/messages/words";
import { readPreferences } from "../preferences/preferences";
import { AccountMenu } from "../ui/account-menu";
import { Document } from "../ui/document";
import { IdleWarning } from "../ui/idle-warning";
import { SignedOutLinks } from "../ui/site-header";
import { sessionIfKnown } from "./session-if-known";

// Rendered whole for each request: these pages carry a nonce, and work without JavaScript.
export const instant = false;

export const metadata: Metadata = { title: { default: "Latchkey", template: "%s – Latchkey" } };

export default async function AppLayout({ children }: { children: ReactNode }) {
	const session = await sessionIfKnown(auth());
	const { language, theme } = await readPreferences();
	const { site: words, idle } = messagesIn(language);
	const account =
		session === null ? <SignedOutLinks words={words} /> : <AccountMenu user={session.user} words={words} />;
	return (
		<Document language={language} theme={theme} session={Promise.resolve(session)} account={account}>
			{session !== null && session.idleExpiresAt !== session.expiresAt && (
				<IdleWarning idleForMs={Date.parse(session.idleExpiresAt) - Date.now()} words={idle} />
			)}
			{children}
		</Document>
	);
}
