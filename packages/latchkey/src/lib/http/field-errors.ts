import * as z from "zod/mini";
import type { FieldErrors, Refusal } from "../errors.ts";

/** What a schema makes of `input`, or the refusal that names the fields. */
export function parseInput<Schema extends z.core.$ZodType>(
	schema: Schema,
	input: unknown,
): { readonly ok: true; readonly data: z.output<Schema> } | Refusal {
	const parsed = z.safeParse(schema, input);
	if (parsed.success) return { ok: true, data: parsed.data };
	return { ok: false, code: "invalid_input", fields: fieldErrors(parsed.error, input) };
}

/**
 * Which fields of `input` were refused and why, as stable codes that a page can translate. What was typed is not
 * repeated.
 */
export function fieldErrors(error: z.core.$ZodError, input: unknown): FieldErrors {
	const fields: Record<string, string> = {};
	for (const issue of error.issues) {
		const field = issue.path.length === 0 ? "body" : String(issue.path[0]);
		fields[field] ??= reason(issue, input);
	}
	return fields;
}

function reason(issue: z.core.$ZodIssue, input: unknown): string {
	if (issue.code === "custom" && typeof issue.params?.reason === "string") return issue.params.reason;
	if (issue.code === "invalid_type") return valueAt(input, issue.path) === undefined ? "required" : "wrong_type";
	if (issue.code === "too_small") return issue.minimum === 1 ? "required" : "too_short";
	if (issue.code === "too_big") return "too_long";
	return "invalid";
}

// Looked up here, because an issue that carried its input would carry passwords into whatever logs it.
function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
	return path.reduce<unknown>(
		(value, key) => (Object.hasOwn(Object(value), key) ? Reflect.get(Object(value), key) : undefined),
		input,
	);
}
