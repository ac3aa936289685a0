"use client";

import { use, useEffect } from "react";
import { AuthContext } from "./auth-provider.tsx";

/**
 * Keeps this page although nobody is signed in any more, for as long as `when`: for a form that was answered with
 * `not_authenticated` and holds what somebody typed, until they have signed in again in another tab. When that is
 * somebody else, the page goes as ever.
 */
export function useKeepPage(when: boolean): void {
	const keepers = use(AuthContext)?.keepers;
	useEffect(() => {
		if (!when || keepers === undefined) return;
		keepers.current += 1;
		return () => {
			keepers.current -= 1;
		};
	}, [when, keepers]);
}
