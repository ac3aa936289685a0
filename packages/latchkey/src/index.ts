export { type Auth, createAuth, type Granted, type GrantResult, type Pending } from "./lib/auth.ts";
export { emailCode } from "./lib/email-codes/email-code.ts";
export { AuthError, type ErrorCode, errorCodes, type FieldErrors, type Refusal } from "./lib/errors.ts";
export { type EventType, eventTypes } from "./lib/events/events.ts";
export type { HasHeaders } from "./lib/http/visitor.ts";
export type { LogEntry, Logger } from "./lib/log.ts";
export type { MailKind, MailMessage } from "./lib/mail/mail-message.ts";
export type { MailOptions } from "./lib/mail/mail-options.ts";
export type { MailBlock, MailContent, MailContext, MailTemplate, MailTemplates } from "./lib/mail/templates.ts";
export {
	type Account,
	type Method,
	type MethodDefinition,
	type MethodTools,
	method,
	type Proof,
} from "./lib/methods/method.ts";
export type { AuthOptions } from "./lib/options.ts";
export { type PasskeyOptions, passkey } from "./lib/passkeys/passkey.ts";
export { password } from "./lib/passwords/password.ts";
export type { PendingAttempt } from "./lib/second-step/pending-attempt.ts";
export type { FactorName } from "./lib/second-step/second-step.ts";
export type { Session, SessionInfo, User } from "./lib/sessions/session.ts";
export type { CookieToSet } from "./lib/sessions/session-cookie.ts";
export type { AssuranceLevel } from "./lib/storage/storage.ts";
