"use client";

import { makePasskey } from "latchkey/passkeys";
import type { Messages } from "@/messages/en";
import { signUpWithPasskey } from "../../auth-actions";
import { fieldId } from "../../ui/error-summary";
import { PasskeyForm } from "../../ui/passkey-form";

/** Signs up with what stands in the form above, and a passkey in the place of its password. */
export function PasskeySignUp({ next, words }: { next: string; words: Messages["security"]["passkeySignIn"] }) {
	return (
		<PasskeyForm
			action={signUpWithPasskey}
			ceremony={() => {
				const email = typed("identifier");
				return makePasskey({ for: "sign-up", ...(email !== "" && { email }), name: typed("name") });
			}}
			label={words.signUp}
			pendingLabel={words.pending}
			values={{ next }}
		/>
	);
}

function typed(name: string): string {
	const input = document.getElementById(fieldId(name));
	return input instanceof HTMLInputElement ? input.value : "";
}
