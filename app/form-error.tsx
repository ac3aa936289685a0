"use client";

import type { FormState } from "latchkey/next";

const words: Record<string, string> = {
	invalid_credentials: "That address or user name and that password do not belong together.",
	identifier_taken: "Somebody has this address or user name already.",
	sign_up_closed: "Sign-up is closed.",
	invalid_input: "Some fields need attention.",
	busy: "Many people are signing in right now. Please try again in a moment.",
	store_unavailable: "This is not available right now. Please try again in a moment.",
	cross_origin: "This form was sent from another site.",
};

const fieldWords: Record<string, string> = {
	required: "is needed",
	too_short: "is too short",
	too_long: "is too long",
	common: "is one that many people use; choose another",
	context: "is too close to your name, your address or the name of this site; choose another",
	invalid_email: "is not an e-mail address",
	invalid_username: "may hold letters, digits, dots, dashes and underscores",
	confusable: "holds characters that look like others",
	taken: "is taken",
};

const fieldNames: Record<string, string> = {
	identifier: "The e-mail address",
	username: "The user name",
	new_password: "The password",
	name: "The name",
};

export function FormError({ state: { code, fields, retryAfterSeconds } }: { state: FormState }) {
	if (code === undefined) return null;
	return (
		<div className="error" role="alert">
			<p>
				{code === "too_many_attempts"
					? `Too many attempts. Please wait ${retryAfterSeconds ?? 30} seconds.`
					: (words[code] ?? "Something went wrong.")}
			</p>
			<ul>
				{Object.entries(fields ?? {}).map(([field, reason]) => (
					<li key={field}>
						{fieldNames[field] ?? field} {fieldWords[reason] ?? "is not valid"}.
					</li>
				))}
			</ul>
		</div>
	);
}
