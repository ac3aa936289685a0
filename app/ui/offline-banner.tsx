"use client";

import { useEffect, useRef } from "react";
import { useFormWords } from "./form-words";
import { useOnline } from "./hydrated";

/** Says that the connection is gone, for as long as it is. Nothing on the page is touched, and no link leaves it. */
export function OfflineBanner() {
	const { forms } = useFormWords();
	const online = useOnline();
	const banner = useRef<HTMLParagraphElement>(null);

	// A link would end on the browser's own page of errors, and take what was typed along.
	useEffect(() => {
		if (online) return;
		function stay(event: MouseEvent) {
			if (!leavesPage(event)) return;
			event.preventDefault();
			banner.current?.focus();
		}
		document.addEventListener("click", stay, true);
		return () => document.removeEventListener("click", stay, true);
	}, [online]);

	return (
		<div role="status">
			{!online && (
				<p
					ref={banner}
					tabIndex={-1}
					className="border-b border-danger bg-danger-soft px-4 py-3 text-center font-medium text-ink"
				>
					{forms.offline}
				</p>
			)}
		</div>
	);
}

/** Not what stays on the page, is kept as a file, or opens beside it. */
function leavesPage({ target, button, metaKey, ctrlKey, shiftKey, altKey }: MouseEvent): boolean {
	const link = target instanceof Element ? target.closest("a") : null;
	if (link === null || link.href === "" || button !== 0 || metaKey || ctrlKey || shiftKey || altKey) return false;
	const isHere = link.pathname === location.pathname && link.search === location.search && link.hash !== "";
	return !isHere && link.target === "" && !link.hasAttribute("download") && link.protocol.startsWith("http");
}
