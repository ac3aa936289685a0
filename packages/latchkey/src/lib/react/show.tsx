"use client";

import type { ReactNode } from "react";
import { type SessionState, useSession } from "./use-session.ts";

export interface ShowProps {
	when: SessionState["status"];
	/** Shown otherwise. Default nothing. */
	fallback?: ReactNode;
	children: ReactNode;
}

/**
 * Shows its children to those who are signed in, or to those who are not. For looks only: what must stay secret is kept
 * by `auth.protect()` on the server, since everything inside is sent to the browser.
 */
export function Show({ when, fallback = null, children }: ShowProps) {
	return useSession().status === when ? children : fallback;
}
