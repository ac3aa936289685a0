"use client";

import type { ComponentProps } from "react";
import { button } from "./button";

interface SubmitButtonProps extends ComponentProps<"button"> {
	pending: boolean;
	/** What it says while the form is under way. */
	pendingLabel: string;
	look?: Parameters<typeof button>[0];
}

/** Sends its form. While that is under way it stays where the focus is and as wide as it was, and says so. */
export function SubmitButton({
	pending,
	pendingLabel,
	look = "primary",
	children,
	className,
	...rest
}: SubmitButtonProps) {
	return (
		<div>
			<button {...rest} type="submit" aria-disabled={pending || undefined} className={button(look, className)}>
				<span className="grid items-center">
					<span className={`col-start-1 row-start-1 ${pending ? "invisible" : ""}`}>{children}</span>
					<span
						className={`col-start-1 row-start-1 flex items-center justify-center gap-2 whitespace-nowrap ${pending ? "" : "invisible"}`}
					>
						<span className="spinner" aria-hidden="true" />
						{pendingLabel}
					</span>
				</span>
			</button>
			<span role="status" className="sr-only">
				{pending ? pendingLabel : ""}
			</span>
		</div>
	);
}
