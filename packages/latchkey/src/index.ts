export { type Auth, createAuth, type Granted, type GrantResult, type Pending, type UpdateResult } from "./lib/auth.ts";
export { exampleProvider } from "./lib/development/example-provider.ts";
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
export { apple } from "./lib/oauth/providers/apple.ts";
export { facebook } from "./lib/oauth/providers/facebook.ts";
export { github } from "./lib/oauth/providers/github.ts";
export { google } from "./lib/oauth/providers/google.ts";
export { microsoft } from "./lib/oauth/providers/microsoft.ts";
export {
	atlassian,
	bitbucket,
	discord,
	figma,
	kakao,
	line,
	naver,
	reddit,
	spotify,
	tiktok,
	x,
	zoom,
} from "./lib/oauth/providers/more-oauth2.ts";
export {
	auth0,
	cognito,
	dropbox,
	gitlab,
	keycloak,
	logto,
	okta,
	salesforce,
	slack,
	twitch,
	zitadel,
} from "./lib/oauth/providers/more-oidc.ts";
export { oauth2 } from "./lib/oauth/providers/oauth2.ts";
export { oidc } from "./lib/oauth/providers/oidc.ts";
export type { ProviderToken, ProviderTokenResult } from "./lib/oauth/token-vault.ts";
export type { AuthOptions, SecondFactorPolicy } from "./lib/options.ts";
export { type PasskeyOptions, passkey } from "./lib/passkeys/passkey.ts";
export { password } from "./lib/passwords/password.ts";
export type { PendingAttempt } from "./lib/second-step/pending-attempt.ts";
export type { FactorName } from "./lib/second-step/second-step.ts";
export type { Session, SessionInfo, User } from "./lib/sessions/session.ts";
export type { CookieToSet } from "./lib/sessions/session-cookie.ts";
export type { AssuranceLevel } from "./lib/storage/storage.ts";
export type { FieldChanges, Json, OwnFields, UserField, UserFields } from "./lib/users/own-fields.ts";
