"use client";

import { type PasskeySignal, signalPasskeys, signalUserDetails } from "latchkey/passkeys";
import { useEffect } from "react";

interface PasskeySignalsProps {
	signal: PasskeySignal;
	name: string;
	displayName: string;
}

/** Keeps the browser's own list of passkeys in step with this one. Shows nothing. */
export function PasskeySignals({ signal, name, displayName }: PasskeySignalsProps) {
	useEffect(() => {
		void signalPasskeys(signal);
		void signalUserDetails({ rpId: signal.rpId, userId: signal.userId, name, displayName });
	}, [signal, name, displayName]);
	return null;
}
