/** Milliseconds since 1970. Tests pass one that they can move. */
export type Clock = () => number;

/** ISO 8601 in UTC, the form of every time that leaves the library. */
export function isoTime(milliseconds: number): string {
	return new Date(milliseconds).toISOString();
}
