import type { FormState, MailLink } from "latchkey/next";
import type { Messages } from "@/messages/en";
import { fill } from "@/messages/format";
import type { Language } from "@/messages/languages";
import { ButtonForm } from "./button-form";
import { CodeToType } from "./code-to-type";
import { isolated } from "./isolated";
import { ValidUntil } from "./valid-until";

interface ByLinkProps {
	link: MailLink;
	action: "confirmEmail" | "signInByCode";
	state: FormState;
	next: string;
	/** What the button says; `{email}` in it is the address of the link. */
	label: string;
	language: Language;
	words: Messages["mail"];
}

/** What whoever comes by the link of a code finds: a button where they asked for it, the code to type there anywhere else. */
export function ByLink({ link, action, state, next, label, language, words }: ByLinkProps) {
	if (!link.here) return <CodeToType code={link.code ?? ""} words={words} />;
	return (
		<div className="space-y-4">
			<ButtonForm
				action={action}
				state={state}
				next={next}
				label={fill(label, { email: isolated(link.email) })}
				words={words}
			/>
			<ValidUntil time={link.expiresAt} language={language} words={words} />
		</div>
	);
}
