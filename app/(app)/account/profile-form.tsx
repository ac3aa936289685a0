"use client";

import type { FormState, User } from "latchkey/next";
import Link from "next/link";
import type { Messages } from "@/messages/en";
import { updateProfile } from "../../auth-actions";
import { ErrorSummary } from "../../ui/error-summary";
import { Field } from "../../ui/field";
import { SubmitButton } from "../../ui/submit-button";
import { useForm } from "../../ui/use-form";

interface ProfileFormProps {
	state: FormState;
	user: User;
	words: Messages["profile"];
}

export function ProfileForm({ state: initial, user, words }: ProfileFormProps) {
	const { state, pending, formProps } = useForm(updateProfile, initial);
	return (
		<form {...formProps} className="space-y-5">
			<ErrorSummary state={state} />
			<input type="hidden" name="next" value="/account?saved" />
			<Field
				name="name"
				label={words.name}
				hint={words.nameHint}
				state={state}
				type="text"
				dir="auto"
				autoComplete="name"
				defaultValue={state.values.name ?? user.name ?? ""}
			/>
			<Field
				name="username"
				label={words.username}
				hint={words.usernameHint}
				state={state}
				type="text"
				dir="auto"
				autoComplete="username"
				autoCapitalize="none"
				autoCorrect="off"
				spellCheck={false}
				defaultValue={state.values.username ?? user.username ?? ""}
			/>
			{user.email !== null && (
				<div>
					<p className="font-medium">{words.email}</p>
					<p className="break-words">
						<bdi>{user.email}</bdi>
					</p>
					<Link className="link text-sm" href="/account/email">
						{words.emailHint}
					</Link>
				</div>
			)}
			<SubmitButton pending={pending} pendingLabel={words.pending}>
				{words.submit}
			</SubmitButton>
		</form>
	);
}
