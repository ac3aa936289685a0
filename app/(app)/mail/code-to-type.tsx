import type { Messages } from "@/messages/en";

/** The code of a link that was opened elsewhere than in the browser that asked for it. */
export function CodeToType({ code, words }: { code: string; words: Messages["mail"] }) {
	return (
		<div className="space-y-3">
			<p>{words.typeElsewhere}</p>
			<p dir="ltr" className="text-center font-mono text-3xl tracking-widest">
				<code>{`${code.slice(0, 3)} ${code.slice(3)}`}</code>
			</p>
			<p className="text-sm text-muted">{words.typeElsewhereWhy}</p>
		</div>
	);
}
