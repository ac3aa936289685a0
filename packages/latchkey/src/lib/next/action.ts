import { cookies } from "next/headers.js";
import type * as z from "zod";
import { type Refusal, toRefusal } from "../errors.ts";
import { cookieAttributes } from "../http/cookies.ts";
import { parseInput } from "../http/field-errors.ts";
import { requireSameOrigin } from "../http/handle-request.ts";
import { renewIfDue } from "../sessions/renew-session.ts";
import { type Session, toSession } from "../sessions/session.ts";
import type { CurrentRequest } from "./current-session.ts";
import { type Demands, judge } from "./guard.ts";

export interface ActionOptions<Input extends z.ZodType> extends Demands {
	/** What the action takes. A form is read as an object of its fields; a name that occurs twice becomes a list. */
	input: Input;
}

/** What an action answers: switch on `ok`, then on `code`. */
export type ActionResult<Data> = { readonly ok: true; readonly data: Data } | Refusal;

/** A guarded server action: to be called with its input, or given to `useActionState` for a form. */
export interface GuardedAction<Input, Data> {
	(input: Input): Promise<ActionResult<Data>>;
	(previous: ActionResult<Data> | null, form: FormData): Promise<ActionResult<Data>>;
}

/** What the body of an action gets. */
export interface ActionContext<Input, Own = unknown> extends Session<Own> {
	readonly session: Session<Own>;
	readonly input: Input;
}

/**
 * Wraps the body of a server action so that it runs for nobody but a signed-in visitor of this site, with input that has
 * passed its schema. A server action can be called by anybody who knows its id, on any page: the guard belongs inside.
 */
export function guardAction<Input extends z.ZodType, Data>(
	request: () => Promise<CurrentRequest>,
	{ input: schema, ...demands }: ActionOptions<Input>,
	body: (context: ActionContext<z.output<Input>>) => Promise<Data>,
): GuardedAction<z.input<Input>, Data> {
	return async (...args: readonly unknown[]): Promise<ActionResult<Data>> => {
		try {
			const asked = await request();
			requireSameOrigin(asked.engine, asked.visitor);
			const verdict = judge(asked, demands);
			if (!verdict.ok) return verdict;
			const parsed = parseInput(schema, readInput(args.at(-1)));
			if (!parsed.ok) return parsed;
			const session = toSession(asked.engine, verdict.current);
			const data = await body({ ...session, session, input: parsed.data });
			await renewed(asked);
			return { ok: true, data };
		} catch (error) {
			// What Next.js throws to redirect, and what the body throws by mistake, goes on from here.
			return toRefusal(error);
		}
	};
}

/** An action can write cookies, so it renews a token that asks for it. */
async function renewed({ engine, current }: CurrentRequest): Promise<void> {
	const granted = current === null ? null : await renewIfDue(engine, current);
	if (current === null || granted === null) return;
	const { cookie } = granted;
	const jar = await cookies();
	// The body may have signed somebody out or in: its word is the last.
	if (jar.get(cookie.name)?.value === current.token) jar.set(cookie.name, cookie.value, cookieAttributes(cookie));
}

function readInput(input: unknown): unknown {
	if (!(input instanceof FormData)) return input;
	// Next.js's own fields tell which action it is.
	const names = [...new Set(input.keys())].filter((name) => !name.startsWith("$ACTION_"));
	return Object.fromEntries(
		names.map((name) => {
			const values = input.getAll(name);
			return [name, values.length === 1 ? values[0] : values];
		}),
	);
}
