import { sql } from "kysely";
import type { OAuthStorage, ProviderSessionRecord } from "../oauth-storage.ts";
import type { PostgresConnection } from "./connection.ts";
import { clock, clockNow, eventRows, isLive, isLiveOrKept, loggedOfSessions, now, told } from "./fragments.ts";

type ProviderSessionOperations = Pick<
	OAuthStorage,
	"findProviderSession" | "findSessionsOfProvider" | "endSessionsOfProvider"
>;

type OfSubject = { issuer: string; subject: string | null };
type OfSession = OfSubject & { providerSession: string };

/** The sessions that began at a provider. */
export function providerSessionOperations(connection: PostgresConnection): ProviderSessionOperations {
	const { findOne, ofSubject, ofSession } = prepareFinding(connection);
	const end = { ofSubject: prepareEnd(connection, meantOfSubject), ofSession: prepareEnd(connection, meantOfSession) };
	return {
		findProviderSession: async (sessionId) => (await findOne.first({ sessionId })) ?? null,

		findSessionsOfProvider: async ({ issuer, subject, providerSession }) =>
			providerSession === null
				? ofSubject.all({ issuer, subject })
				: ofSession.all({ issuer, subject, providerSession }),

		endSessionsOfProvider: async ({ ended: { issuer, subject, providerSession }, once, sessionIds, events }) => {
			const given = { issuer, subject, ...once, sessionIds, events: eventRows(events) };
			const row = await (providerSession === null
				? end.ofSubject.first(given)
				: end.ofSession.first({ ...given, providerSession }));
			if (row === undefined || row.moved) return "moved";
			return row.believed ? "ended" : "repeated";
		},
	};
}

function meantOfSubject(p: OfSubject) {
	return sql`b.issuer = ${p.issuer}::text and b.subject = ${p.subject}::text`;
}

function meantOfSession(p: OfSession) {
	return sql`b.issuer = ${p.issuer}::text and b.provider_session = ${p.providerSession}::text
		and (${p.subject}::text is null or b.subject = ${p.subject}::text)`;
}

function prepareFinding(connection: PostgresConnection) {
	type Found = { sessionId: string; userId: string };
	const found = sql`select latchkey_session.id as "sessionId", latchkey_session.user_id as "userId"
		from latchkey_provider_session as b join latchkey_session on latchkey_session.id = b.session_id`;
	return {
		findOne: connection.prepare<{ sessionId: string }, ProviderSessionRecord>(
			(_, p) => sql`select b.issuer, b.subject, b.provider_session as "providerSession", i.provider, t.sealed
				from latchkey_provider_session as b
					left join latchkey_identity as i on i.issuer = b.issuer and i.subject = b.subject
					left join latchkey_provider_token as t on t.issuer = b.issuer and t.subject = b.subject
				where b.session_id = ${p.sessionId}::text`,
		),

		ofSubject: connection.prepare<OfSubject, Found>(
			(_, p) => sql`${found} where ${meantOfSubject(p)} and ${isLive(now(p))}`,
		),

		ofSession: connection.prepare<OfSession, Found>(
			(_, p) => sql`${found} where ${meantOfSession(p)} and ${isLive(now(p))}`,
		),
	};
}

/**
 * The key of a counter that is full with the first decides: whoever comes second waits until it is known what becomes of
 * the first. Sessions are locked before it, in the order in which everybody locks them.
 */
function prepareEnd<P extends OfSubject>(connection: PostgresConnection, meant: (p: P) => ReturnType<typeof sql>) {
	type End = P & { key: string; lifetimeMs: number; sessionIds: readonly string[]; events: string };
	return connection.prepare<End, { moved: boolean; believed: boolean; told: number }>(
		(_, p) => sql`with ${clock(p)},
			leaving as materialized (
				select latchkey_session.id
				from clock cross join latchkey_provider_session as b
					join latchkey_session on latchkey_session.id = b.session_id
				where ${meant(p)} and ${isLiveOrKept(clockNow)}
				order by latchkey_session.id for no key update of latchkey_session
			),
			seen as (
				select count(*) as total from clock cross join latchkey_provider_session as b
					join latchkey_session on latchkey_session.id = b.session_id
				where ${meant(p)} and ${isLive(clockNow)}
			),
			-- One that ended while its lock was waited for may have been replaced by another, which is not seen yet.
			newer as (
				select exists (select from leaving where leaving.id <> all(${p.sessionIds}::text[]))
					or seen.total > (select count(*) from leaving) as found
				from seen
			),
			believed as (
				insert into latchkey_throttle as t (
					key, attempt_limit, window_ms, wait_ms, max_wait_ms, accepted, refused, window_ends_at, blocked_until, forgotten_at
				)
				select ${p.key}::text, 1, ${p.lifetimeMs}::bigint, 0, 0, 1, 0, fresh.until, fresh.until, fresh.until
				from newer cross join (select clock.now + ${p.lifetimeMs}::bigint as until from clock) as fresh
				where not newer.found
				on conflict (key) do update set window_ends_at = excluded.window_ends_at,
					blocked_until = excluded.blocked_until, forgotten_at = excluded.forgotten_at
				where t.forgotten_at <= excluded.forgotten_at - excluded.window_ms
				returning t.key
			),
			ended as (
				update latchkey_session set ended_at = clock.now from clock, leaving, believed
				where latchkey_session.id = leaving.id and latchkey_session.ended_at is null
				returning latchkey_session.id
			),
			${loggedOfSessions(p, "ended")}
			select newer.found as moved, believed.key is not null as believed, ${told(p, "session", "ended")} as told
			from newer left join believed on true`,
	);
}
