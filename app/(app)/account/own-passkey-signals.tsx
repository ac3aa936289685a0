import { auth } from "@/auth";
import { PasskeySignals } from "./passkey-signals";

/** Tells the browser which passkeys there are, and under which name: after one of either has changed. */
export async function OwnPasskeySignals() {
	const { user } = await auth.protect();
	const { signal } = await auth.factors();
	const name = user.email ?? user.username ?? user.name ?? "";
	return <PasskeySignals signal={signal} name={name} displayName={user.name ?? name} />;
}
