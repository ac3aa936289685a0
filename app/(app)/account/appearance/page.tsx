import { auth } from "@/auth";
import { languages, themes } from "@/messages/languages";
import { readMessages, readPreferences } from "../../../preferences/preferences";
import { button } from "../../../ui/button";
import { Card, PageHeading } from "../../../ui/card";
import { pageTitle } from "../../page-title";

export const instant = false;

export const generateMetadata = () => pageTitle((m) => m.appearance.title);

const option =
	"flex min-h-11 items-start gap-3 rounded-lg border border-line px-4 py-3 hover:bg-sunken has-checked:border-accent has-checked:bg-accent-soft";

export default async function AppearancePage() {
	await auth.protect();
	const { language, theme } = await readPreferences();
	const { m } = await readMessages();
	const words = m.appearance;
	return (
		<>
			<PageHeading title={words.title} lead={words.lead} />
			<Card>
				<form method="post" action="/preferences" className="space-y-6">
					<fieldset className="space-y-2">
						<legend className="mb-2 font-medium">{words.theme}</legend>
						{themes.map((name) => (
							<label key={name} className={option}>
								<input
									type="radio"
									name="theme"
									value={name}
									defaultChecked={name === theme}
									className="mt-1 size-4 accent-accent"
								/>
								<span>
									<span className="block">{m.preferences.themes[name]}</span>
									<span className="block text-sm text-muted">{words.themeHints[name]}</span>
								</span>
							</label>
						))}
					</fieldset>
					<fieldset className="space-y-2">
						<legend className="mb-2 font-medium">{words.language}</legend>
						{Object.entries(languages).map(([code, { name, direction }]) => (
							<label key={code} className={option}>
								<input
									type="radio"
									name="language"
									value={code}
									defaultChecked={code === language}
									className="mt-1 size-4 accent-accent"
								/>
								<span lang={code} dir={direction}>
									{name}
								</span>
							</label>
						))}
					</fieldset>
					<button type="submit" className={button("primary")}>
						{words.submit}
					</button>
				</form>
			</Card>
		</>
	);
}
