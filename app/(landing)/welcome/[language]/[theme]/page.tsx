import type { Metadata } from "next";
import { isLanguage } from "@/messages/languages";
import { messagesIn } from "@/messages/words";
import { HeroLinks } from "./hero-links";

type Props = PageProps<"/welcome/[language]/[theme]">;

export async function generateMetadata({ params }: Props): Promise<Metadata> {
	const words = await wordsOf(params);
	return { title: words.metaTitle, description: words.lead };
}

const wholeProject = `// auth.ts
import { createAuth, password } from "latchkey/next";

export const auth = createAuth({ methods: [password()] });

// app/api/auth/route.ts, and app/api/auth/[...path]/route.ts
export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = auth.handlers;

// app/dashboard/page.tsx
export default async function DashboardPage() {
  const { user } = await auth.protect();
  return <h1>Hello, {user.name}</h1>;
}`;

export default async function LandingPage({ params }: Props) {
	const words = await wordsOf(params);
	return (
		<div className="mx-auto w-full max-w-5xl space-y-20 px-4 py-14 sm:px-6 sm:py-24">
			<section className="max-w-2xl space-y-6">
				<h1 className="text-3xl font-semibold tracking-tight sm:text-5xl">{words.title}</h1>
				<p className="text-lg text-muted">{words.lead}</p>
				<HeroLinks words={words} />
				<p className="text-sm text-muted">{words.tryNote}</p>
			</section>
			<section className="space-y-8">
				<h2 className="text-2xl font-semibold tracking-tight">{words.whatTitle}</h2>
				<ul className="grid gap-x-10 gap-y-8 sm:grid-cols-2 lg:grid-cols-3">
					{Object.entries(words.features).map(([name, { title, text }]) => (
						<li key={name} className="space-y-2 border-t-2 border-accent pt-4">
							<h3 className="text-lg font-semibold">{title}</h3>
							<p className="text-muted">{text}</p>
						</li>
					))}
				</ul>
			</section>
			<section className="space-y-4">
				<h2 className="text-2xl font-semibold tracking-tight">{words.codeTitle}</h2>
				<p className="text-muted">{words.codeText}</p>
				<section
					dir="ltr"
					lang="en"
					translate="no"
					aria-label={words.codeTitle}
					// biome-ignore lint/a11y/noNoninteractiveTabindex: what can be scrolled must be reached by keyboard.
					tabIndex={0}
					className="overflow-x-auto rounded-2xl border border-line bg-surface p-5 shadow-card sm:p-7"
				>
					<pre className="text-start font-mono text-sm leading-6">
						<code>{wholeProject}</code>
					</pre>
				</section>
			</section>
			<section className="max-w-2xl space-y-3">
				<h2 className="text-2xl font-semibold tracking-tight">{words.notTitle}</h2>
				<p className="text-muted">{words.notText}</p>
			</section>
		</div>
	);
}

async function wordsOf(params: Props["params"]) {
	const { language } = await params;
	return messagesIn(isLanguage(language) ? language : "en").landing;
}
