import type { Page } from "../storage/storage.ts";

/**
 * A page of a list that a visitor has asked for. A cursor that no list has handed out begins anew: it may hold anything,
 * also what a database cannot even compare.
 */
export function pageBefore(limit: number, before: string | undefined): Page {
	return before !== undefined && /^[\w-]{1,200}$/.test(before) ? { limit, before } : { limit };
}
