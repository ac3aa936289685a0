"use client";

import { useRouter } from "next/navigation.js";
import { createContext, type ReactNode, type RefObject, Suspense, use, useEffect, useRef } from "react";
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
	/** How many forms want to keep the page although nobody is signed in any more. */
	readonly keepers: RefObject<number>;
}

export const AuthContext = createContext<AuthContextValue | null>(null);

/**
 * Gives the session to the components below, and keeps this tab true when another signs in, signs out or becomes
 * somebody else. Nothing is polled.
 */
export function AuthProvider({ session, basePath = "/api/auth", children }: AuthProviderProps) {
	const keepers = useRef(0);
	return (
		<AuthContext value={{ session, basePath, keepers }}>
			{children}
			<Suspense>
				<TabKeeper session={session} basePath={basePath} keepers={keepers} />
			</Suspense>
		</AuthContext>
	);
}

/** Compares what this tab shows with what the server says whenever there is a reason to. */
function TabKeeper({ session, basePath, keepers }: AuthContextValue) {
	const userId = use(session)?.user.id ?? null;
	const shown = useRef(userId);
	const heard = useRef<string | null | undefined>(undefined);
	const router = useRouter();

	useEffect(() => {
		// A page that was signed in or out by its own form or link tells the others by being there.
		shown.current = userId;
		tellOtherTabs({ userId });
	}, [userId]);

	useEffect(() => {
		function leave() {
			// What another person left on the screen goes at once, and from the router's cache with it. Without its fragment,
			// with which the same address would only be scrolled to.
			location.replace(location.pathname + location.search);
		}
		async function follow() {
			const current = await askServer(basePath);
			if (current === undefined || current === shown.current) return;
			// A form of this page has said so already, and holds what somebody typed.
			if (current === null && keepers.current > 0) return;
			if (shown.current !== null) leave();
			else router.refresh();
		}
		async function followIfRestored({ persisted }: PageTransitionEvent) {
			if (!persisted) return;
			if (shown.current === null) return follow();
			showPage(false);
			const answer = await askServer(basePath);
			// Without an answer, what other tabs have told counts.
			const current = answer === undefined ? heard.current : answer;
			if (current === undefined || current === shown.current) showPage(true);
			else leave();
		}
		function hideIfKept({ persisted }: PageTransitionEvent) {
			// So that not even the first picture of a page from the browser's cache shows whose it was.
			if (persisted && shown.current !== null) showPage(false);
		}
		function followOnBack() {
			// The router answers Back from its cache, without asking anybody.
			void follow();
		}
		function followIfSeen() {
			if (document.visibilityState === "visible") void follow();
		}
		const stop = hearOtherTabs((news) => {
			heard.current = news.userId;
			if (news.userId !== shown.current) void follow();
		});
		addEventListener("pagehide", hideIfKept);
		addEventListener("pageshow", followIfRestored);
		addEventListener("popstate", followOnBack);
		document.addEventListener("visibilitychange", followIfSeen);
		return () => {
			stop();
			removeEventListener("pagehide", hideIfKept);
			removeEventListener("pageshow", followIfRestored);
			removeEventListener("popstate", followOnBack);
			document.removeEventListener("visibilitychange", followIfSeen);
		};
	}, [basePath, keepers, router]);

	return null;
}

/** Not by `display`, which would forget how far it was scrolled. */
function showPage(shown: boolean): void {
	document.documentElement.style.visibility = shown ? "" : "hidden";
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
