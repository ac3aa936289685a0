import { notFound } from "next/navigation";
import { Suspense } from "react";
import { auth } from "@/auth";
import { isLanguage, isTheme, languages, themes } from "@/messages/languages";
import { messagesIn } from "@/messages/words";
import { Document } from "../../../../ui/document";
import { HeaderAccount, HeaderWaiting } from "./header-account";

/** Each language and theme is a static page of its own; next.config.ts shows at `/` the one that was chosen. */
export function generateStaticParams() {
	return Object.keys(languages).flatMap((language) => themes.map((theme) => ({ language, theme })));
}

export default async function LandingLayout({ children, params }: LayoutProps<"/welcome/[language]/[theme]">) {
	const { language, theme } = await params;
	if (!isLanguage(language) || !isTheme(theme)) notFound();
	const words = messagesIn(language).site;
	return (
		<Document
			language={language}
			theme={theme}
			session={auth()}
			account={
				<Suspense fallback={<HeaderWaiting words={words} />}>
					<HeaderAccount words={words} />
				</Suspense>
			}
		>
			{children}
		</Document>
	);
}
