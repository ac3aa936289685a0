import type { Messages } from "@/messages/en";

/** A line that says that there is another way. */
export function OrLine({ words }: { words: Messages["providers"] }) {
	return (
		<p className="my-5 flex items-center gap-4 text-sm text-muted before:h-px before:grow before:bg-line after:h-px after:grow after:bg-line">
			{words.or}
		</p>
	);
}
