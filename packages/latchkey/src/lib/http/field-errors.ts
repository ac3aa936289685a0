import type * as z from "zod";
import type { FieldErrors } from "../errors.ts";

/** Which fields were refused and why, as stable codes that a page can translate. What was typed is not repeated. */
export function fieldErrors(error: z.ZodError): FieldErrors {
	const fields: Record<string, string> = {};
	for (const issue of error.issues) {
		const field = issue.path.length === 0 ? "body" : String(issue.path[0]);
		fields[field] ??= reason(issue);
	}
	return fields;
}

function reason(issue: z.core.$ZodIssue): string {
	if (issue.code === "custom" && typeof issue.params?.reason === "string") return issue.params.reason;
	if (issue.code === "invalid_type") return issue.input === undefined ? "required" : "wrong_type";
	if (issue.code === "too_small") return issue.minimum === 1 ? "required" : "too_short";
	if (issue.code === "too_big") return "too_long";
	return "invalid";
}
