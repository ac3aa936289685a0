"use client";

import type { FormState } from "latchkey/next";
import { useActionState } from "react";
import { signUp } from "../auth-actions";
import { FormError } from "../form-error";

export function SignUpForm({ state: initial, next }: { state: FormState; next: string }) {
	const [state, action, pending] = useActionState(signUp, initial);
	return (
		<form action={action}>
			<FormError state={state} />
			<input type="hidden" name="next" value={next} />
			<label>
				E-mail address
				<input
					name="identifier"
					type="email"
					autoComplete="username"
					autoCapitalize="none"
					autoCorrect="off"
					spellCheck={false}
					enterKeyHint="next"
					required
					defaultValue={state.values.identifier}
				/>
			</label>
			<label>
				Name (optional)
				<input name="name" type="text" autoComplete="name" enterKeyHint="next" defaultValue={state.values.name} />
			</label>
			<label>
				Password (8 characters or more)
				<input
					name="new_password"
					type="password"
					autoComplete="new-password"
					enterKeyHint="go"
					minLength={8}
					required
				/>
			</label>
			<button type="submit" aria-disabled={pending}>
				{pending ? "Signing up…" : "Sign up"}
			</button>
		</form>
	);
}
