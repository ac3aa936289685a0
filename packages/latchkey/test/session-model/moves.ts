import { changesPassword, endsOthers, operatorMovesEpoch, signInRacesEnd, signsIn, signsOut } from "./end-moves.ts";
import { comesForWeeks, everyday, waitsLong } from "./everyday-moves.ts";
import { serverCrashes, serverIsRestored, serverRestarts } from "./server-moves.ts";
import { fallsBehind, isCopied, thiefActs } from "./thief-moves.ts";

/** One honest browser, and everything that can go wrong on the way to the server and in it. */
export const aloneMoves = [
	...everyday,
	[1, serverRestarts],
	[2, serverCrashes],
	[1, waitsLong],
	[1, comesForWeeks],
	[2, signsIn],
] as const;

/** The same, and somebody who takes copies of the cookie. */
export const theftMoves = [...everyday, [3, isCopied], [8, thiefActs], [2, fallsBehind]] as const;

/** The same, and everything that ends sessions. */
export const endMoves = [
	...everyday,
	[2, isCopied],
	[4, thiefActs],
	[1, fallsBehind],
	[4, signsIn],
	[1, signsOut],
	[2, endsOthers],
	[2, changesPassword],
	[3, signInRacesEnd],
	[1, operatorMovesEpoch],
	[2, serverIsRestored],
	[1, waitsLong],
] as const;
