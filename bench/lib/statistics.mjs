/** Turns, ratios and how far to believe them. */

/**
 * Runs every variant once per round, in a new random order each time, so that what the machine does meanwhile falls on
 * all of them alike. Answers the measurements of each variant, in the order of the rounds.
 */
export async function takeTurns(variants, rounds, measure) {
	const names = Object.keys(variants);
	const series = Object.fromEntries(names.map((name) => [name, []]));
	for (let round = 0; round < rounds; round++) {
		for (const name of shuffled(names)) series[name].push(await measure(variants[name], name));
	}
	return series;
}

/** The geometric mean of the ratios of two series, round by round, with its 95 % interval. */
export function ratio(series, base) {
	const logs = series.map((value, round) => Math.log(value / base[round]));
	const mean = average(logs);
	const variance = logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / Math.max(1, logs.length - 1);
	const margin = 1.96 * Math.sqrt(variance / logs.length);
	return { value: Math.exp(mean), low: Math.exp(mean - margin), high: Math.exp(mean + margin) };
}

export function median(values) {
	return percentile(values, 50);
}

/** The smallest value that at least `percent` of all are not above. */
export function percentile(values, percent) {
	const sorted = values.toSorted((one, other) => one - other);
	return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
}

function average(values) {
	return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function shuffled(values) {
	return values
		.map((value) => ({ value, place: Math.random() }))
		.sort((one, other) => one.place - other.place)
		.map(({ value }) => value);
}
