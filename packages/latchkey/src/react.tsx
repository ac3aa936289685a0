"use client";

export { AuthProvider, type AuthProviderProps } from "./lib/react/auth-provider.tsx";
export { Show, type ShowProps } from "./lib/react/show.tsx";
export { type SessionOf, type SessionState, useSession, useUser } from "./lib/react/use-session.ts";
