export * from "./index.ts";
export { createAuth, type NextAuth, type RouteHandlers } from "./lib/next/create-auth.ts";
export type { FormAction, FormActions } from "./lib/next/form-actions.ts";
export type { FormState } from "./lib/next/form-state.ts";
