/** Milliseconds since 1970. Tests pass one that they can move. */
export type Clock = () => number;

/** This machine's clock, or a test's. For what is shown and sealed; what the store counts is decided by the database's. */
export function nowOf({ options }: { readonly options: { readonly clock: Clock | null } }): number {
	return (options.clock ?? Date.now)();
}

const dayMs = 86_400_000;
const maxDays = 10_000;
const days = new Map<number, string>();

/**
 * ISO 8601 in UTC, the form of every time that leaves the library: what `toISOString` answers, at a quarter of its cost.
 * Every session check makes five of these, mostly of the same few days.
 */
export function isoTime(milliseconds: number): string {
	const day = Math.floor(milliseconds / dayMs);
	const rest = milliseconds - day * dayMs;
	const time = `${pad(rest / 3_600_000, 2)}:${pad((rest / 60_000) % 60, 2)}:${pad((rest / 1000) % 60, 2)}.${pad(rest % 1000, 3)}Z`;
	return dateOf(day) + time;
}

function dateOf(day: number): string {
	const known = days.get(day);
	if (known !== undefined) return known;
	if (days.size >= maxDays) days.clear();
	const date = new Date(day * dayMs).toISOString().slice(0, -"00:00:00.000Z".length);
	days.set(day, date);
	return date;
}

function pad(value: number, digits: 2 | 3): string {
	return String(Math.floor(value)).padStart(digits, "0");
}
