export * from "./index.ts";
export type { ActionContext, ActionOptions, ActionResult, GuardedAction } from "./lib/next/action.ts";
export { createAuth, type NextAuth, type RouteHandlers } from "./lib/next/create-auth.ts";
export type { FormAction, FormActions } from "./lib/next/form-actions.ts";
export type { FormState } from "./lib/next/form-state.ts";
export type { Demands } from "./lib/next/guard.ts";
export type { GuardedRouteHandler, GuardedRouteOptions, RouteHandlerContext } from "./lib/next/guarded-route.ts";
export type { AuthProxy, ProxyOptions } from "./lib/next/proxy.ts";
