"use client";

import { useRouter } from "next/navigation.js";
import { createContext, type ReactNode, Suspense, use, useEffect, useRef } from "react";
import type { Session } from "../sessions/session.ts";
import { hearOtherTabs, tellOtherTabs } from "./session-channel.ts";

export interface AuthProviderProps {
	/** `auth()`, not awaited: what is static of the page stays static. */
	session: Promise<Session | null>;
	/** Where the handlers are mounted. Default `/api/auth`. */
	basePath?: string;
	children: ReactNode;
}

interface AuthContextValue {
	readonly session: Promise<Session | null>;
	readonly basePath: string;
}

export const AuthContext = createContext<AuthContextValue | null>(null);

/**
 * Gives the session to the components below, and keeps this tab true when another signs in, signs out or becomes
 * somebody else. Nothing is polled.
 */
export function AuthProvider({ session, basePath = "/api/auth", children }: AuthProviderProps) {
	return (
		<AuthContext value={{ session, basePath }}>
			{children}
			<Suspense>
				<TabKeeper session={session} basePath={basePath} />
			</Suspense>
		</AuthContext>
	);
}

/** Compares what this tab shows with what the server says whenever there is a reason to. */
function TabKeeper({ session, basePath }: AuthContextValue) {
	const userId = use(session)?.user.id ?? null;
	const shown = useRef(userId);
	const router = useRouter();

	useEffect(() => {
		// A page that was signed in or out by its own form or link tells the others by being there.
		shown.current = userId;
		tellOtherTabs({ userId });
	}, [userId]);

	useEffect(() => {
		async function follow() {
			const current = await askServer(basePath);
			if (current === undefined || current === shown.current) return;
			// What another person left on the screen goes at once, and from the router's cache with it. Without its fragment,
			// with which the same address would only be scrolled to.
			if (shown.current !== null) location.replace(location.pathname + location.search);
			else router.refresh();
		}
		function followIfRestored({ persisted }: PageTransitionEvent) {
			if (persisted) void follow();
		}
		function followOnBack() {
			// The router answers Back from its cache, without asking anybody.
			void follow();
		}
		function followIfSeen() {
			if (document.visibilityState === "visible") void follow();
		}
		const stop = hearOtherTabs((news) => {
			if (news.userId !== shown.current) void follow();
		});
		addEventListener("pageshow", followIfRestored);
		addEventListener("popstate", followOnBack);
		document.addEventListener("visibilitychange", followIfSeen);
		return () => {
			stop();
			removeEventListener("pageshow", followIfRestored);
			removeEventListener("popstate", followOnBack);
			document.removeEventListener("visibilitychange", followIfSeen);
		};
	}, [basePath, router]);

	return null;
}

/** Whose session the server sees; `undefined` when it cannot be asked right now. Keeps no session alive. */
async function askServer(basePath: string): Promise<string | null | undefined> {
	try {
		const response = await fetch(basePath, { cache: "no-store" });
		if (!response.ok) return undefined;
		const { user } = (await response.json()) as { user: { id: string } | null };
		return user?.id ?? null;
	} catch {
		return undefined;
	}
}
