"use client";

import { useEffect, useRef, useState } from "react";
import { Field, type FieldProps } from "./field";
import { useFormWords } from "./form-words";

/** A password, with a button that shows it. When the form is sent it is hidden again, so that no browser keeps it as text. */
export function PasswordField(props: Omit<FieldProps, "type">) {
	const { forms } = useFormWords();
	const [shown, setShown] = useState(false);
	const button = useRef<HTMLButtonElement>(null);

	useEffect(() => {
		const form = button.current?.form;
		const hide = () => setShown(false);
		form?.addEventListener("submit", hide);
		return () => form?.removeEventListener("submit", hide);
	}, []);

	function toggle() {
		const input = button.current?.parentElement?.querySelector("input");
		const [start, end] = [input?.selectionStart ?? null, input?.selectionEnd ?? null];
		setShown(!shown);
		// The caret would jump to the front with the change of type.
		requestAnimationFrame(() => input?.setSelectionRange(start, end));
	}

	return (
		<Field {...props} type={shown ? "text" : "password"} className="pe-20" spellCheck={false} autoCapitalize="none">
			<button
				ref={button}
				type="button"
				onClick={toggle}
				aria-label={shown ? forms.hidePassword : forms.showPassword}
				className="absolute inset-y-0 end-0 hidden min-w-16 rounded-lg px-3 text-sm font-medium text-accent hover:text-accent-strong scripted:block"
			>
				{shown ? forms.hide : forms.show}
			</button>
		</Field>
	);
}

/** For password managers, which must know whose password a form is about. */
export function WhoseAccount({ identifier }: { identifier: string }) {
	return (
		<input
			type="text"
			name="identifier"
			autoComplete="username"
			defaultValue={identifier}
			readOnly
			tabIndex={-1}
			aria-hidden="true"
			className="sr-only"
		/>
	);
}
