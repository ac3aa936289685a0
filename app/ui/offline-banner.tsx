"use client";

import { useFormWords } from "./form-words";
import { useOnline } from "./hydrated";

/** Says that the connection is gone, for as long as it is. Nothing on the page is touched. */
export function OfflineBanner() {
	const { forms } = useFormWords();
	const online = useOnline();
	return (
		<div role="status">
			{!online && (
				<p className="border-b border-danger bg-danger-soft px-4 py-3 text-center font-medium text-ink">
					{forms.offline}
				</p>
			)}
		</div>
	);
}
