export { type Auth, createAuth } from "./lib/auth.ts";
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
export { amazon } from "./lib/oauth/providers/amazon.ts";
export { apple } from "./lib/oauth/providers/apple.ts";
export { atlassian } from "./lib/oauth/providers/atlassian.ts";
export { auth0 } from "./lib/oauth/providers/auth0.ts";
export { authentik } from "./lib/oauth/providers/authentik.ts";
export { bitbucket } from "./lib/oauth/providers/bitbucket.ts";
export { box } from "./lib/oauth/providers/box.ts";
export { cognito } from "./lib/oauth/providers/cognito.ts";
export { discord } from "./lib/oauth/providers/discord.ts";
export { dropbox } from "./lib/oauth/providers/dropbox.ts";
export { entraId } from "./lib/oauth/providers/entra-id.ts";
export { facebook } from "./lib/oauth/providers/facebook.ts";
export { figma } from "./lib/oauth/providers/figma.ts";
export { github } from "./lib/oauth/providers/github.ts";
export { gitlab } from "./lib/oauth/providers/gitlab.ts";
export { google } from "./lib/oauth/providers/google.ts";
export { huggingface } from "./lib/oauth/providers/huggingface.ts";
export { kakao } from "./lib/oauth/providers/kakao.ts";
export { keycloak } from "./lib/oauth/providers/keycloak.ts";
export { line } from "./lib/oauth/providers/line.ts";
export { linkedin } from "./lib/oauth/providers/linkedin.ts";
export { logto } from "./lib/oauth/providers/logto.ts";
export { microsoft } from "./lib/oauth/providers/microsoft.ts";
export { naver } from "./lib/oauth/providers/naver.ts";
export { notion } from "./lib/oauth/providers/notion.ts";
export { oauth2 } from "./lib/oauth/providers/oauth2.ts";
export { oidc } from "./lib/oauth/providers/oidc.ts";
export { okta } from "./lib/oauth/providers/okta.ts";
export { patreon } from "./lib/oauth/providers/patreon.ts";
export { paypal } from "./lib/oauth/providers/paypal.ts";
export { reddit } from "./lib/oauth/providers/reddit.ts";
export { roblox } from "./lib/oauth/providers/roblox.ts";
export { salesforce } from "./lib/oauth/providers/salesforce.ts";
export { slack } from "./lib/oauth/providers/slack.ts";
export { spotify } from "./lib/oauth/providers/spotify.ts";
export { strava } from "./lib/oauth/providers/strava.ts";
export { tiktok } from "./lib/oauth/providers/tiktok.ts";
export { twitch } from "./lib/oauth/providers/twitch.ts";
export { vk } from "./lib/oauth/providers/vk.ts";
export { x } from "./lib/oauth/providers/x.ts";
export { yahoo } from "./lib/oauth/providers/yahoo.ts";
export { yandex } from "./lib/oauth/providers/yandex.ts";
export { zitadel } from "./lib/oauth/providers/zitadel.ts";
export { zoom } from "./lib/oauth/providers/zoom.ts";
export type { ProviderToken, ProviderTokenResult } from "./lib/oauth/token-vault.ts";
export type { AuthOptions, SecondFactorPolicy } from "./lib/options.ts";
export { type PasskeyOptions, passkey } from "./lib/passkeys/passkey.ts";
export { password } from "./lib/passwords/password.ts";
export type { PendingAttempt } from "./lib/second-step/pending-attempt.ts";
export type { FactorName } from "./lib/second-step/second-step.ts";
export type { Session, SessionInfo, User } from "./lib/sessions/session.ts";
export type { CookieToSet } from "./lib/sessions/session-cookie.ts";
export type { AssuranceLevel } from "./lib/storage/storage.ts";
export type { Granted, GrantResult, Pending, TrustedCalls, UpdateResult } from "./lib/trusted-calls.ts";
export type { FieldChanges, Json, OwnFields, UserField, UserFields } from "./lib/users/own-fields.ts";
