"use client";

import { askForPasskey, supportsAutofill } from "latchkey/passkeys";
import type { Messages } from "@/messages/en";
import { signIn } from "../../auth-actions";
import { PasskeyForm } from "../../ui/passkey-form";

/** Sign-in with a passkey: by the button, or chosen among the suggestions of the address field. */
export function PasskeySignIn({ next, words }: { next: string; words: Messages["security"]["passkeySignIn"] }) {
	return (
		<PasskeyForm
			action={signIn}
			ceremony={() => askForPasskey({ for: "sign-in" })}
			autofill={suggestPasskeys}
			label={words.button}
			pendingLabel={words.pending}
			values={{ next }}
		/>
	);
}

async function suggestPasskeys() {
	if (!(await supportsAutofill())) return { ok: false, code: "unsupported" } as const;
	return askForPasskey({ for: "sign-in", autofill: true });
}
