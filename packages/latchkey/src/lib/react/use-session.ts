"use client";

import { useRouter } from "next/navigation.js";
import { use } from "react";
import type { Session } from "../sessions/session.ts";
import { AuthContext } from "./auth-provider.tsx";
import { tellOtherTabs } from "./session-channel.ts";

/** What `auth` says of who is signed in, own fields included. */
export type SessionOf<Auth> = Auth extends { protect(): Promise<infer Found extends Session> } ? Found : Session;

export type SessionState<Found extends Session = Session> = (
	| { readonly status: "signed-in"; readonly session: Found; readonly user: Found["user"] }
	| { readonly status: "signed-out"; readonly session: null; readonly user: null }
) & {
	/** Ends the session, here and on the server, and goes to `to` (default `/`) with nothing of this person left behind. */
	signOut(to?: string): Promise<void>;
	/** After a change of one's own making, such as a sign-in by `fetch`: shows it, and tells the other tabs. */
	refresh(): void;
};

/**
 * Who is signed in. Suspends until that is known, so put a boundary around what shows it. `useSession<typeof auth>()`, with
 * `auth` imported as a type, knows your own fields.
 * @throws when no `AuthProvider` stands above
 */
export function useSession<Auth = unknown>(): SessionState<SessionOf<Auth>> {
	const context = use(AuthContext);
	const router = useRouter();
	if (context === null) {
		throw new Error("useSession needs an AuthProvider above: <AuthProvider session={auth()}> in app/layout.tsx");
	}
	// The boundary: the provider was given what this very `auth` answers.
	const session = use(context.session) as SessionOf<Auth> | null;
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
export function useUser<Auth = unknown>(): SessionOf<Auth>["user"] | null {
	return useSession<Auth>().user;
}
