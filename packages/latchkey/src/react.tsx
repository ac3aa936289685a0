"use client";

export { AuthProvider, type AuthProviderProps } from "./lib/react/auth-provider.tsx";
export { Show, type ShowProps } from "./lib/react/show.tsx";
export { useKeepPage } from "./lib/react/use-keep-page.ts";
export { type SessionOf, type SessionState, useSession, useUser } from "./lib/react/use-session.ts";
