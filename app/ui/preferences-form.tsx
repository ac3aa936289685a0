import type { Messages } from "@/messages/en";
import { type Language, languages, type Theme, themes } from "@/messages/languages";

interface PreferencesProps {
	words: Messages["preferences"];
	language: Language;
	theme: Theme;
}

const choice =
	"min-h-9 rounded-md px-3 text-sm text-muted hover:text-ink " +
	"aria-pressed:bg-surface aria-pressed:font-medium aria-pressed:text-ink aria-pressed:shadow-card aria-pressed:underline aria-pressed:underline-offset-4";
const choices = "flex flex-wrap gap-1 rounded-lg bg-sunken p-1";

/** Language and colours. A plain form: the page that comes back is right from its first paint, without any script. */
export function PreferencesForm({ words, language, theme }: PreferencesProps) {
	return (
		<form method="post" action="/preferences" className="flex flex-wrap gap-3">
			<fieldset className={choices}>
				<legend className="sr-only">{words.language}</legend>
				{Object.entries(languages).map(([code, { name, direction }]) => (
					<button
						key={code}
						type="submit"
						name="language"
						value={code}
						lang={code}
						dir={direction}
						aria-pressed={code === language}
						className={choice}
					>
						{name}
					</button>
				))}
			</fieldset>
			<fieldset className={choices}>
				<legend className="sr-only">{words.theme}</legend>
				{themes.map((name) => (
					<button key={name} type="submit" name="theme" value={name} aria-pressed={name === theme} className={choice}>
						{words.themes[name]}
					</button>
				))}
			</fieldset>
		</form>
	);
}
