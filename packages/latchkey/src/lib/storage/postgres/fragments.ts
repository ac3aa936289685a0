import { type RawBuilder, sql } from "kysely";
import { pendingPurposes } from "../email-storage.ts";
import { sessionColumns, toEventRow } from "../rows.ts";
import type { NewEvent, NewSession, Settlement } from "../storage.ts";
import type { Ambient } from "./prepared.ts";

/**
 * The parts that several statements share. An operation is one statement, whose parts are named in WITH: all of them
 * see the database as it was when the statement began, and all of them are stored or none. What must be read as it is
 * now, and not as it was then, is locked: a row that FOR UPDATE returns is its newest version.
 */
type Part = RawBuilder<unknown>;

/** The database's clock, one moment for the whole statement. */
export function now({ at }: Ambient): RawBuilder<number> {
	return sql<number>`coalesce(${at}::bigint, floor(extract(epoch from statement_timestamp()) * 1000)::bigint)`;
}

/** `clock`, with the column `now`. */
export function clock(p: Ambient): Part {
	return sql`clock as (select ${now(p)} as now)`;
}

/**
 * `turn`: until the end of the transaction nobody else has it for this user. Whoever locks or changes a user's row takes
 * part in it: `from turn`, before anything is locked.
 *
 * Without it PostgreSQL makes two of them wait in a circle, if a session is being opened meanwhile (its foreign key holds the
 * row too, and the version of the row that a statement began with then looks as if it were being changed): one waits for
 * the row's lock and is the next in line for its old version, the other has the lock and asks for the old version anew.
 */
export function turn(p: { userId: string } & Ambient): Part {
	return sql`turn as materialized (
		select pg_advisory_xact_lock(hashtext(${p.channel}::text), hashtext(${p.userId}::text))
	)`;
}

/** `locked`: the user's row, behind its turn. */
export function lockedUser(p: { userId: string } & Ambient): Part {
	return sql`${turn(p)},
		locked as (
			select u.id, u.epoch from turn cross join latchkey_user as u where u.id = ${p.userId}::text for no key update of u
		)`;
}

/**
 * To stand before a statement that must see whatever was being changed while it waited for the user's row: what somebody
 * added whom it shuts out, or an address that is another one by then.
 */
export function lockUser(_: unknown, p: { userId: string } & Ambient): RawBuilder<unknown> {
	return sql`with ${lockedUser(p)} select locked.id from locked`;
}

/** Whether a row of `latchkey_session` is neither ended nor expired. Whether its epoch is current is another matter. */
export function isOpen(moment: RawBuilder<number>): RawBuilder<boolean> {
	return sql<boolean>`latchkey_session.ended_at is null
		and latchkey_session.idle_expires_at > ${moment}
		and latchkey_session.expires_at > ${moment}`;
}

/** Whether a row of `latchkey_session` is live. Where the epoch moves, compare it with that of the locked user instead. */
export function isLive(moment: RawBuilder<number>): RawBuilder<boolean> {
	return sql<boolean>`${isOpen(moment)}
		and latchkey_session.epoch = (select u.epoch from latchkey_user as u where u.id = latchkey_session.user_id)`;
}

/**
 * The same for a statement that ends it. Whoever keeps it at this very moment stamps it with an epoch that its user, as this
 * statement began with them, does not have yet.
 */
export function isLiveOrKept(moment: RawBuilder<number>): RawBuilder<boolean> {
	return sql<boolean>`${isOpen(moment)}
		and latchkey_session.epoch >= (select u.epoch from latchkey_user as u where u.id = latchkey_session.user_id)`;
}

/** The clock of the statement, for the parts of a WITH that have `clock` beside them. */
export const clockNow = sql<number>`clock.now`;

/** What a statement that opens a session is given. */
export type SessionParameters = {
	sessionId: string | null;
	secretHash: Uint8Array | null;
	lifetimeMs: number;
	idleMs: number;
	amr: string;
	level: string;
	address: string | null;
	userAgent: string | null;
	issuer: string | null;
	subject: string | null;
	providerSession: string | null;
	continues: string | null;
};

export function sessionParameters(session: Omit<NewSession, "userId" | "epoch"> | null): SessionParameters {
	const began = session?.began ?? null;
	const provider = began !== null && "issuer" in began ? began : null;
	return {
		sessionId: session?.id ?? null,
		secretHash: session?.secretHash ?? null,
		lifetimeMs: session?.lifetimeMs ?? 0,
		// The idle expiry never lies behind the absolute one.
		idleMs: Math.min(session?.idleMs ?? Number.POSITIVE_INFINITY, session?.lifetimeMs ?? 0),
		amr: JSON.stringify(session?.amr ?? []),
		level: session?.level ?? "aal1",
		address: session?.address ?? null,
		userAgent: session?.userAgent ?? null,
		issuer: provider?.issuer ?? null,
		subject: provider?.subject ?? null,
		providerSession: provider?.providerSession ?? null,
		continues: began !== null && "continues" in began ? began.continues : null,
	};
}

/**
 * `opened`: the session, for each row of `owner`, which says whose it is and at which epoch; and `began`: at which
 * provider, in the same statement, so that no end that is told of there can miss it.
 */
export function opened(p: SessionParameters, owner: Part): Part {
	return sql`opened as (
		insert into latchkey_session (
			id, secret_hash, user_id, epoch, generation, generation_seen, renewed_at, seen_at, created_at, last_seen_at,
			idle_expires_at, expires_at, auth_time, amr, level, address, user_agent, sweep_at
		)
		select
			${p.sessionId}::text, ${p.secretHash}::bytea, owner.id, owner.epoch, 1, 0, clock.now, null, clock.now, clock.now,
			clock.now + ${p.idleMs}::bigint, clock.now + ${p.lifetimeMs}::bigint, clock.now,
			${p.amr}::text, ${p.level}::text, ${p.address}::text, ${p.userAgent}::text,
			clock.now + ${p.idleMs}::bigint
		from ${owner} as owner cross join clock
		where ${p.sessionId}::text is not null
		returning ${openedColumns}
	), began as (
		insert into latchkey_provider_session (session_id, issuer, subject, provider_session)
		select opened.id, origin.issuer, origin.subject, origin.provider_session
		from opened cross join lateral (
			select ${p.issuer}::text as issuer, ${p.subject}::text as subject, ${p.providerSession}::text as provider_session
			where ${p.issuer}::text is not null
			union all
			select b.issuer, b.subject, b.provider_session
			from latchkey_provider_session as b join latchkey_session as s on s.id = b.session_id
			where b.session_id = ${p.continues}::text and s.user_id = opened.user_id
		) as origin
	)`;
}

/** The columns of a session that was opened. */
export const openedColumns = sql.join(sessionColumns.map((column) => sql.ref(column)));

/** `replaced`: ends the session that another one takes the place of, if `gate` has a row. */
export function replaced(p: { replaces: string | null }, gate: string): Part {
	return sql`replaced as (
		update latchkey_session set ended_at = clock.now from clock, ${sql.raw(gate)}
		where latchkey_session.id = ${p.replaces}::text and latchkey_session.ended_at is null
		returning latchkey_session.id
	)`;
}

/** `ended`: ends the open sessions of `moved`'s user that still had the epoch it moved from, except one. */
export function endedByEpoch(kept: Part | null): Part {
	const except = kept === null ? sql`true` : sql`s.id <> ${kept}`;
	return sql`leaving as (
		select s.id from latchkey_session as s cross join clock cross join moved
		where s.user_id = moved.id and s.epoch = moved.epoch - 1 and ${except}
			and s.ended_at is null and s.idle_expires_at > clock.now and s.expires_at > clock.now
		order by s.id for no key update of s
	), ended as (
		update latchkey_session set ended_at = clock.now from clock, leaving
		where latchkey_session.id = leaving.id and latchkey_session.ended_at is null
		returning latchkey_session.id
	)`;
}

/**
 * `locked_sessions`: the open sessions of `locked`'s epoch, in the order in which everybody locks sessions. To be read
 * before one of them is changed: whoever moves last-seen of several at the moment waits for none of them in a circle.
 */
export const lockedSessions: Part = sql`locked_sessions as (
		select s.id from latchkey_session as s cross join clock cross join locked
		where s.user_id = locked.id and s.epoch = locked.epoch
			and s.ended_at is null and s.idle_expires_at > clock.now and s.expires_at > clock.now
		order by s.id for no key update of s
	)`;

/**
 * How often a statement that keeps a session is executed while that looks ended: beside another one that keeps it, its row was
 * looked up as it was before that.
 */
export const looks = 3;

/** `killed`: what is pending for the user of `gate` and must not outlive a change of password or address. */
export function killedPending(gate: string): Part {
	const purposes = sql.join(pendingPurposes.map((purpose) => sql.lit(purpose)));
	return sql`killed as (
		delete from latchkey_one_time_token using ${sql.raw(gate)}
		where latchkey_one_time_token.subject = ${sql.ref(`${gate}.id`)}
			and latchkey_one_time_token.purpose in (${purposes})
	)`;
}

export type SettlementParameters = { clear: readonly string[]; giveBack: readonly string[] };

export function settlementParameters({ clear, giveBack }: Settlement): SettlementParameters {
	return { clear, giveBack };
}

/**
 * `settled`: the counters of an attempt that succeeded, if `gate` has a row. Locked in the order in which they are counted,
 * and always after sessions: with `ended` where the statement ends any.
 */
export function settled(p: SettlementParameters, gate: string, after?: "ended"): Part {
	const afterSessions = after === undefined ? sql`` : sql`cross join (select count(*) from ended) as sessions_first`;
	// A row without attempts is no row: its window begins with the next attempt.
	const startsAnew = sql`(latchkey_throttle.key = any(${p.clear}::text[]) or accepted <= 1)`;
	const isUnderLimit = sql`accepted - 1 < attempt_limit`;
	return sql`counters as (
		select t.key from latchkey_throttle as t cross join ${sql.raw(gate)} ${afterSessions}
		where t.key = any(${p.clear}::text[] || ${p.giveBack}::text[])
		order by t.key for no key update of t
	), settled as (
		update latchkey_throttle set
			accepted = case when ${startsAnew} then 0 else accepted - 1 end,
			blocked_until = case when ${isUnderLimit} then 0 else blocked_until end,
			forgotten_at = case
				when ${startsAnew} then 0
				when ${isUnderLimit} then window_ends_at
				else forgotten_at
			end
		from counters where latchkey_throttle.key = counters.key
	)`;
}

/** `logged`, and `posted` with what tells of them: the events, if `gate` has a row. */
export function logged(p: { events: string }, gate: string): Part {
	return sql`logged as (${insertEvents(p, sql.raw(gate))}), posted as (${insertMails(p, sql.raw(gate))})`;
}

/** The same of many sessions: `gate` names those whose events are written. */
export function loggedOfSessions(p: { events: string }, gate: string): Part {
	const theirs = sql`event.session_id in (select ${sql.raw(gate)}.id from ${sql.raw(gate)})`;
	const once = sql`(values (1)) as once`;
	return sql`logged as (${insertEvents(p, once)} where ${theirs}), posted as (${insertMails(p, once, theirs)})`;
}

/** Writes what the events are told by, once for each row of `gate`: to whom it names, or to its user's address. */
function insertMails(p: { events: string }, gate: Part, meant: Part = sql`true`): Part {
	return sql`insert into latchkey_mail (
			id, kind, user_id, recipient, language, about, created_at, due_at, expires_at, attempts
		)
		select addressed.id, addressed.kind, addressed.user_id, addressed.recipient, addressed.language, addressed.about,
			addressed.now, addressed.now, addressed.now + addressed.lifetime_ms, 0
		from (
			select mail.id, mail.kind, mail.user_id, mail.about, mail.lifetime_ms, clock.now,
				coalesce(mail.recipient, (
					select i.value from latchkey_identifier as i where i.user_id = mail.user_id and i.kind = 'email'
				)) as recipient,
				coalesce(mail.language, (
					select u.language from latchkey_user as u where u.id = mail.user_id
				)) as language
			from clock cross join ${gate}
				cross join json_to_recordset(${p.events}::json) as event(session_id text, mails json)
				cross join json_to_recordset(event.mails) as mail(
					id text, kind text, user_id text, recipient text, language text, about text, lifetime_ms bigint
				)
			where ${meant}
		) as addressed
		where addressed.recipient is not null`;
}

/** Writes the events once for each row of `gate`. */
function insertEvents(p: { events: string }, gate: Part): Part {
	return sql`insert into latchkey_audit_event (id, type, at, subject, session_id, address, user_agent, detail)
		select event.id, event.type, clock.now, event.subject, event.session_id, event.address, event.user_agent, event.detail
		from clock cross join ${gate} cross join json_to_recordset(${p.events}::json) as event(
			id text, type text, subject text, session_id text, address text, user_agent text, detail text
		)`;
}

/** Events as the parameter that {@link logged} reads. */
export function eventRows(events: readonly NewEvent[]): string {
	return JSON.stringify(
		events.map((event) => ({
			...toEventRow(event),
			mails: (event.mails ?? []).map((mail) => ({
				id: mail.id,
				kind: mail.kind,
				user_id: mail.userId,
				recipient: mail.recipient,
				language: mail.language,
				about: JSON.stringify(mail.about),
				lifetime_ms: mail.lifetimeMs,
			})),
		})),
	);
}

/**
 * Tells every instance, at the commit of this very statement, which sessions to forget: those that `gate` names, by
 * their own ids or by their user's. To be selected; how many were told.
 */
export function told({ channel }: Ambient, kind: "session" | "user", gate: string): RawBuilder<number> {
	const word = sql.lit(kind === "session" ? "s:" : "u:");
	return sql<number>`(select count(pg_notify(${channel}::text, ${word} || ${sql.ref(`${gate}.id`)})) from ${sql.raw(gate)})`;
}
