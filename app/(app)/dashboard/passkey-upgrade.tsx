"use client";

import { upgradeToPasskey } from "latchkey/passkeys";
import { useEffect } from "react";

/** After a sign-in with a password: lets the browser's password manager keep a passkey beside it. Shows nothing. */
export function PasskeyUpgrade() {
	useEffect(() => {
		void upgradeToPasskey();
	}, []);
	return null;
}
