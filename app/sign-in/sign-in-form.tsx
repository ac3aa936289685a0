"use client";

import type { FormState } from "latchkey/next";
import { useActionState } from "react";
import { signIn } from "../auth-actions";
import { FormError } from "../form-error";

export function SignInForm({ state: initial, next }: { state: FormState; next: string }) {
	const [state, action, pending] = useActionState(signIn, initial);
	return (
		<form action={action}>
			<FormError state={state} />
			<input type="hidden" name="next" value={next} />
			<label>
				E-mail address or user name
				<input
					name="identifier"
					type="text"
					autoComplete="username webauthn"
					autoCapitalize="none"
					autoCorrect="off"
					spellCheck={false}
					enterKeyHint="next"
					required
					defaultValue={state.values.identifier}
				/>
			</label>
			<label>
				Password
				<input name="password" type="password" autoComplete="current-password" enterKeyHint="go" required />
			</label>
			<button type="submit" aria-disabled={pending}>
				{pending ? "Signing in…" : "Sign in"}
			</button>
		</form>
	);
}
