import type { Session } from "latchkey/next";
import { AuthProvider } from "latchkey/react";
import type { ReactNode } from "react";
import "../globals.css";
import { type Language, languages, type Theme } from "@/messages/languages";
import { messagesIn } from "@/messages/words";
import { FormWords } from "./form-words";
import { OfflineBanner } from "./offline-banner";
import { PreferencesForm } from "./preferences-form";
import { SiteHeader } from "./site-header";

interface DocumentProps {
	language: Language;
	theme: Theme;
	/** Who is signed in, not awaited: then what is static of the page stays static. */
	session: Promise<Session | null>;
	/** What the header says about it. */
	account: ReactNode;
	children: ReactNode;
}

/** The document around every page: its language, direction and colours are in the first byte, so nothing flashes. */
export function Document({ language, theme, session, account, children }: DocumentProps) {
	const m = messagesIn(language);
	return (
		<html lang={language} dir={languages[language].direction} data-theme={theme === "system" ? undefined : theme}>
			<body className="flex flex-col font-sans antialiased">
				<FormWords language={language} forms={m.forms} failure={m.failure}>
					<AuthProvider session={session}>
						<a
							href="#content"
							className="sr-only rounded-lg bg-accent px-4 py-3 text-on-accent focus:not-sr-only focus:absolute focus:start-4 focus:top-3 focus:z-10"
						>
							{m.site.skipToContent}
						</a>
						<OfflineBanner />
						<SiteHeader words={m.site}>{account}</SiteHeader>
						<main id="content" tabIndex={-1} className="grow">
							{children}
						</main>
						<footer className="border-t border-line">
							<div className="mx-auto flex max-w-5xl flex-wrap items-center justify-between gap-x-8 gap-y-4 px-4 py-6 sm:px-6">
								<p className="max-w-md text-sm text-muted">{m.site.footer}</p>
								<PreferencesForm words={m.preferences} language={language} theme={theme} />
							</div>
						</footer>
					</AuthProvider>
				</FormWords>
			</body>
		</html>
	);
}
