"use client";

import type { FormState } from "latchkey/next";
import { unstable_rethrow } from "next/navigation";
import { type SubmitEvent, startTransition, useActionState, useEffect, useRef } from "react";
import { fill } from "@/messages/format";
import { useFormWords } from "./form-words";
import { useHydrated } from "./hydrated";

/** What a form was answered, or that nobody did. */
export type Outcome = Pick<FormState, "ok" | "code" | "fields" | "retryAfterSeconds" | "leaveTo"> & {
	readonly unreachable?: true;
};

/** What a form shows when nobody answered it. */
type Unreachable = Omit<FormState, "ok"> & { readonly ok: false; readonly unreachable: true };

const unreachable: Unreachable = Object.freeze({ ok: false, values: {}, unreachable: true });

/**
 * A form that works without JavaScript, and better with it: what was typed stays when the server cannot be reached,
 * and the page's title says when something went wrong.
 */
export function useForm<State extends Outcome | null>(
	action: (previous: State, typed: FormData) => Promise<State>,
	initial: State,
) {
	type Shown = State | Unreachable;
	type Action = (previous: Shown, typed: FormData) => Promise<Shown>;
	const guarded: Action = (_previous, typed) => orUnreachable(action(initial, typed));
	// Only the bare server action can be sent by a page without scripts.
	const bare = action as Action;
	const [state, send, pending] = useActionState<Shown, FormData>(
		useHydrated() ? guarded : bare,
		initial as Awaited<Shown>,
	);
	const form = useRef<HTMLFormElement>(null);
	const { forms } = useFormWords();

	function onSubmit(event: SubmitEvent<HTMLFormElement>) {
		// Left to React, the form would be emptied whatever the answer.
		event.preventDefault();
		if (pending) return;
		const { submitter } = event.nativeEvent as globalThis.SubmitEvent;
		const typed = new FormData(event.currentTarget, submitter);
		startTransition(() => send(typed));
	}

	useEffect(() => {
		if (state === initial || !failed(state)) return;
		forgetRefusedPasswords(form.current, state);
		const title = document.title;
		document.title = fill(forms.errorPrefix, { title });
		return () => {
			document.title = title;
		};
	}, [state, initial, forms.errorPrefix]);

	// The server judges, and says so in the language of the page.
	return { state, pending, formProps: { ref: form, action: send, onSubmit, noValidate: true } };
}

export function failed(state: Outcome | null): state is Outcome {
	return state !== null && (state.code !== undefined || state.unreachable === true);
}

async function orUnreachable<Answer extends Outcome | null>(asked: Promise<Answer>): Promise<Answer | Unreachable> {
	try {
		const answer = await asked;
		if (answer?.leaveTo === undefined) return answer;
		// A new document, before this one shows anything more: nothing of the account stays in it, or behind Back.
		location.replace(answer.leaveTo);
		return await new Promise<never>(() => {});
	} catch (error) {
		// How Next.js goes to another page.
		unstable_rethrow(error);
		return unreachable;
	}
}

/** A password that was refused is typed anew; one that was not looked at stays. */
function forgetRefusedPasswords(form: HTMLFormElement | null, { code, fields = {} }: Outcome): void {
	for (const input of form?.querySelectorAll<HTMLInputElement>("input[autocomplete$='-password']") ?? []) {
		const wrong = code === "invalid_credentials" && input.autocomplete === "current-password";
		if (wrong || fields[input.name] !== undefined) input.value = "";
	}
}
