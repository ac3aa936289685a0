"use client";

import { useRouter } from "next/navigation.js";
import { use } from "react";
import type { Session, User } from "../sessions/session.ts";
import { AuthContext } from "./auth-provider.tsx";
import { tellOtherTabs } from "./session-channel.ts";

export type SessionState = (
	| { readonly status: "signed-in"; readonly session: Session; readonly user: User }
	| { readonly status: "signed-out"; readonly session: null; readonly user: null }
) & {
	/** Ends the session, here and on the server, and goes to `to` (default `/`) with nothing of this person left behind. */
	signOut(to?: string): Promise<void>;
	/** After a change of one's own making, such as a sign-in by `fetch`: shows it, and tells the other tabs. */
	refresh(): void;
};

/**
 * Who is signed in. Suspends until that is known, so put a boundary around what shows it.
 * @throws when no `AuthProvider` stands above
 */
export function useSession(): SessionState {
	const context = use(AuthContext);
	const router = useRouter();
	if (context === null) {
		throw new Error("useSession needs an AuthProvider above: <AuthProvider session={auth()}> in app/layout.tsx");
	}
	const session = use(context.session);
	const commands = {
		async signOut(to = "/") {
			const answer = await fetch(context.basePath, { method: "DELETE" });
			if (!answer.ok) throw new Error(`Sign-out was answered with ${answer.status}`);
			tellOtherTabs({ userId: null });
			location.replace(to);
		},
		refresh: () => router.refresh(),
	};
	return session === null
		? { status: "signed-out", session, user: null, ...commands }
		: { status: "signed-in", session, user: session.user, ...commands };
}

/** The signed-in user, or `null`. */
export function useUser(): User | null {
	return useSession().user;
}
