/** How long each of two ways to ask took, in milliseconds, in the order in which they were asked. */
export interface Times {
	readonly one: readonly number[];
	readonly other: readonly number[];
}

export interface TimeDifference {
	/**
	 * How often one of `one` takes longer than one of `other`: 0.5 where nothing tells them apart, 0 or 1 where every
	 * single answer does.
	 */
	readonly longer: number;
	/** How unlikely that is by chance (Mann and Whitney's rank-sum test, two-sided). */
	readonly p: number;
	/** The difference of the medians, against the median of `other`. */
	readonly medians: number;
}

/**
 * Asks both ways by turns, as an attacker would who wants the machine's moods to meet both alike: nobody always comes first.
 * What either has set going after its answer is waited for and not counted.
 */
export async function takeTurns(
	samples: number,
	one: (turn: number) => Promise<unknown>,
	other: (turn: number) => Promise<unknown>,
	settled: () => Promise<unknown>,
): Promise<Times> {
	const times: { one: number[]; other: number[] } = { one: [], other: [] };
	for (let turn = 0; turn < samples; turn++) {
		for (const name of turn % 2 === 0 ? (["one", "other"] as const) : (["other", "one"] as const)) {
			const begin = performance.now();
			await (name === "one" ? one : other)(turn);
			times[name].push(performance.now() - begin);
			await settled();
		}
	}
	return times;
}

/** By ranks and medians, so that a pause of the machine weighs no more than any other slow answer. */
export function compareTimes({ one, other }: Times): TimeDifference {
	const all = [...one.map((time) => ({ time, own: true })), ...other.map((time) => ({ time, own: false }))];
	all.sort((first, second) => first.time - second.time);
	let ranks = 0;
	for (let start = 0; start < all.length; ) {
		let end = start;
		while (end < all.length && all[end]!.time === all[start]!.time) end += 1;
		// Those that are equal share the mean of their ranks.
		const rank = (start + 1 + end) / 2;
		for (; start < end; start++) if (all[start]!.own) ranks += rank;
	}
	const pairs = one.length * other.length;
	const longer = (ranks - (one.length * (one.length + 1)) / 2) / pairs;
	const deviation = Math.sqrt((one.length + other.length + 1) / (12 * pairs));
	const medians = (median(one) - median(other)) / median(other);
	return { longer, p: twoSided((longer - 0.5) / deviation), medians };
}

/** Both tails of the normal distribution (Abramowitz and Stegun, 7.1.26). */
function twoSided(z: number): number {
	const x = Math.abs(z) / Math.SQRT2;
	const t = 1 / (1 + 0.3275911 * x);
	const series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
	return series * Math.exp(-x * x);
}

function median(values: readonly number[]): number {
	const sorted = values.toSorted((first, second) => first - second);
	const middle = sorted.length >> 1;
	return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
