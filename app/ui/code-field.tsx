"use client";

import type { ComponentProps } from "react";
import { Field } from "./field";

type CodeFieldProps = Omit<ComponentProps<typeof Field>, "name" | "type">;

/** The code of an authenticator app: one field, which phones and password managers fill. */
export function CodeField(props: CodeFieldProps) {
	return (
		<Field
			{...props}
			name="code"
			type="text"
			dir="ltr"
			inputMode="numeric"
			pattern="[0-9 \-]*"
			autoComplete="one-time-code"
			autoCapitalize="none"
			autoCorrect="off"
			spellCheck={false}
			enterKeyHint="go"
			required
		/>
	);
}

/** A recovery code, which nothing fills. */
export function RecoveryCodeField(props: CodeFieldProps) {
	return (
		<Field
			{...props}
			name="code"
			type="text"
			dir="ltr"
			autoComplete="off"
			autoCapitalize="characters"
			autoCorrect="off"
			spellCheck={false}
			enterKeyHint="go"
			required
		/>
	);
}
