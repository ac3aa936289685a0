/** Puts a name between marks that keep its direction from turning the sentence around it. */
export function isolated(text: string): string {
	return `\u2068${text}\u2069`;
}
