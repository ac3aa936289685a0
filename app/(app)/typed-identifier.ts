import type { ChangeEvent } from "react";
import { useHydrated } from "../ui/hydrated";

// In the memory of this tab only: an address in a URL would end up in logs.
let typed = "";

/** What was typed to sign in, carried over to signing up, and back. */
export function useTypedIdentifier() {
	return {
		typed: useHydrated() ? typed : "",
		keep(event: ChangeEvent<HTMLInputElement>) {
			typed = event.target.value;
		},
	};
}
