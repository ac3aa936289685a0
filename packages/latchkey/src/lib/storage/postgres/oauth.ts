import { sql } from "kysely";
import type { IdentityRecord, OAuthStorage, ProviderTokenRecord } from "../oauth-storage.ts";
import type { PostgresConnection } from "./connection.ts";
import { clock, eventRows, lockedSessions, lockUser, logged, now, told, turn } from "./fragments.ts";
import { violatesReference } from "./postgres-errors.ts";
import { providerSessionOperations } from "./provider-sessions.ts";

type Pair = { issuer: string; subject: string };
type Unlink = Pair & { userId: string; usableProviders: readonly string[]; keepSessionId: string; events: string };
type UnlinkedRow = { held: boolean; others: boolean; unlinked: string | null; ended: number; told: number };

/** Linked identities, the tokens that came with them, and the sessions that began there. */
export function oauthOperations(connection: PostgresConnection): OAuthStorage {
	return {
		...identityOperations(connection),
		...tokenOperations(connection),
		...providerSessionOperations(connection),
	};
}

function identityOperations(
	connection: PostgresConnection,
): Pick<OAuthStorage, "listIdentities" | "linkIdentity" | "unlinkIdentity"> {
	const { list, link } = prepareIdentities(connection);
	const unlink = prepareUnlink(connection);
	return {
		listIdentities: (userId) => list.all({ userId }),

		linkIdentity: async ({ events, ...input }) => {
			for (;;) {
				const row = await link.first({ ...input, events: eventRows(events) });
				if (row === undefined) return "gone";
				if (row.linked !== null || row.holder === input.userId) return "linked";
				if (row.holder !== null) return "taken";
				// Somebody linked it while this statement ran: look again, and see who.
			}
		},

		unlinkIdentity: async ({ usableProviders, events, ...input }) => {
			const row = await unlink.first({ ...input, usableProviders, events: eventRows(events) });
			if (row === undefined || !row.held) return "gone";
			if (!row.others) return "last";
			return row.unlinked === null ? "not_live" : row.ended;
		},
	};
}

function prepareIdentities(connection: PostgresConnection) {
	type Link = Pair & {
		userId: string;
		provider: string;
		label: string | null;
		verifiedEmail: string | null;
		epoch: number | null;
		events: string;
	};
	return {
		list: connection.prepare<{ userId: string }, IdentityRecord>(
			(_, p) => sql`select i.issuer, i.subject, i.provider, i.label, i.created_at as "createdAt", i.used_at as "usedAt"
				from latchkey_identity as i where i.user_id = ${p.userId}::text order by i.issuer, i.subject`,
		),

		link: connection.prepareBehind<Link, { linked: string | null; holder: string | null }>(
			lockUser,
			(_, p) => sql`with ${clock(p)},
				${turn(p)},
				owner as (
					select u.id from turn cross join latchkey_user as u where u.id = ${p.userId}::text
						and (${p.epoch}::integer is null or u.epoch = ${p.epoch}::integer) and (
						${p.verifiedEmail}::text is null or exists (
							select from latchkey_identifier as i where i.user_id = u.id and i.kind = 'email'
								and i.canonical = ${p.verifiedEmail}::text and i.verified_at is not null
						)
					) for no key update of u
				),
				linked as (
					insert into latchkey_identity (issuer, subject, user_id, created_at, provider, label)
					select ${p.issuer}::text, ${p.subject}::text, owner.id, clock.now, ${p.provider}::text, ${p.label}::text
					from owner cross join clock
					on conflict (issuer, subject) do nothing
					returning latchkey_identity.user_id as id
				),
				${logged(p, "linked")}
				select linked.id as linked, (
					select i.user_id from latchkey_identity as i
					where i.issuer = ${p.issuer}::text and i.subject = ${p.subject}::text
				) as holder
				from owner left join linked on true`,
		),
	};
}

/**
 * The user's row is locked first, and so are the passkeys that it counts as they are now; then all identities, in order:
 * whoever removes another way in at the same moment is seen. Then all sessions, which are as they are behind that lock: the
 * ones that did not begin by the identity are stamped with the epoch that comes.
 */
function prepareUnlink(connection: PostgresConnection) {
	return connection.prepareBehind<Unlink, UnlinkedRow>(
		lockUser,
		(_, p) => sql`with ${clock(p)},
			${turn(p)},
			locked as materialized (
				select u.id, u.epoch, u.passkeys from turn cross join latchkey_user as u
				where u.id = ${p.userId}::text for no key update of u
			),
			held as materialized (
				select i.issuer, i.subject, i.provider, i.issuer = ${p.issuer}::text and i.subject = ${p.subject}::text as meant
				from locked join latchkey_identity as i on i.user_id = locked.id
				order by i.issuer, i.subject for update of i
			),
			ways as materialized (
				select count(*) filter (where meant) > 0 as held,
					count(*) filter (where not meant and (provider is null or provider = any(${p.usableProviders}::text[]))) > 0
						or exists (select from latchkey_password as p where p.user_id = ${p.userId}::text)
						or exists (select from locked where locked.passkeys > 0) as others
				from held
			),
			${lockedSessions},
			unlinked as (
				delete from latchkey_identity using ways
				where latchkey_identity.issuer = ${p.issuer}::text and latchkey_identity.subject = ${p.subject}::text
					and latchkey_identity.user_id = ${p.userId}::text and ways.held and ways.others
					and exists (select from locked_sessions as s where s.id = ${p.keepSessionId}::text)
				returning latchkey_identity.user_id as id
			),
			moved as (
				update latchkey_user set epoch = locked.epoch + 1 from locked, unlinked where latchkey_user.id = locked.id
				returning latchkey_user.id, latchkey_user.epoch
			),
			leaving as (
				select s.id from locked_sessions as s join latchkey_provider_session as b on b.session_id = s.id
				where b.issuer = ${p.issuer}::text and b.subject = ${p.subject}::text and s.id <> ${p.keepSessionId}::text
			),
			ended as (
				update latchkey_session set ended_at = clock.now from clock, moved, leaving
				where latchkey_session.id = leaving.id and latchkey_session.ended_at is null
				returning latchkey_session.id
			),
			kept as (
				update latchkey_session set epoch = moved.epoch from moved, locked_sessions as s
				where latchkey_session.id = s.id and not exists (select from leaving where leaving.id = s.id)
			),
			${logged(p, "unlinked")}
			select ways.held, ways.others, unlinked.id as unlinked, (select count(*) from ended) as ended,
				${told(p, "user", "moved")} as told
			from ways left join unlinked on true`,
	);
}

function tokenOperations(
	connection: PostgresConnection,
): Pick<OAuthStorage, "keepProviderTokens" | "findProviderTokens" | "claimRefresh" | "replaceProviderTokens"> {
	const { keep, find, claim, replace } = prepareTokens(connection);
	return {
		keepProviderTokens: async (input) => {
			try {
				return (await keep.all(input)).length === 1;
			} catch (error) {
				// Unlinked between the statement's view of it and its end.
				if (violatesReference(error)) return false;
				throw error;
			}
		},
		findProviderTokens: async ({ userId, provider, identity }) => {
			const pair = { issuer: identity?.issuer ?? null, subject: identity?.subject ?? null };
			return (await find.first({ userId, provider, ...pair })) ?? null;
		},
		claimRefresh: async (input) => (await claim.all(input)).length === 1,
		replaceProviderTokens: async (input) => (await replace.all(input)).length === 1,
	};
}

function prepareTokens(connection: PostgresConnection) {
	type Find = { userId: string; provider: string; issuer: string | null; subject: string | null };
	type Keep = Pair & {
		userId: string;
		provider: string;
		label: string | null;
		sealed: string | null;
		expiresInMs: number | null;
	};
	type Replace = Pair & { version: number; sealed: string | null; expiresInMs: number | null };
	return {
		keep: connection.prepare<Keep, { used: number }>(
			(_, p) => sql`with ${clock(p)},
				used as (
					update latchkey_identity set used_at = clock.now, provider = ${p.provider}::text, label = ${p.label}::text
					from clock where latchkey_identity.issuer = ${p.issuer}::text
						and latchkey_identity.subject = ${p.subject}::text and latchkey_identity.user_id = ${p.userId}::text
					returning latchkey_identity.issuer, latchkey_identity.subject
				),
				kept as (
					insert into latchkey_provider_token as t
						(issuer, subject, sealed, version, expires_at, refreshing_until, updated_at)
					select used.issuer, used.subject, ${p.sealed}::text, 1, clock.now + ${p.expiresInMs}::bigint, 0, clock.now
					from used cross join clock where ${p.sealed}::text is not null
					on conflict (issuer, subject) do update set sealed = excluded.sealed, version = t.version + 1,
						expires_at = excluded.expires_at, refreshing_until = 0, updated_at = excluded.updated_at
				)
				select 1 as used from used`,
		),

		find: connection.prepare<Find, ProviderTokenRecord>(
			(_, p) => sql`select t.issuer, t.subject, t.sealed, t.version, t.expires_at as "expiresAt",
					t.refreshing_until as "refreshingUntil", ${now(p)} as now
				from latchkey_identity as i
					join latchkey_provider_token as t on t.issuer = i.issuer and t.subject = i.subject
				where i.user_id = ${p.userId}::text and i.provider = ${p.provider}::text
					and (${p.issuer}::text is null or (i.issuer = ${p.issuer}::text and i.subject = ${p.subject}::text))
				order by t.updated_at desc limit 1`,
		),

		claim: connection.prepare<Pair & { version: number; leaseMs: number }, { claimed: number }>(
			(_, p) => sql`update latchkey_provider_token set refreshing_until = ${now(p)} + ${p.leaseMs}::bigint
				where issuer = ${p.issuer}::text and subject = ${p.subject}::text and version = ${p.version}::integer
					and (refreshing_until <= ${now(p)} or refreshing_until > ${now(p)} + 2 * ${p.leaseMs}::bigint)
				returning 1 as claimed`,
		),

		replace: connection.prepare<Replace, { replaced: number }>(
			(_, p) => sql`update latchkey_provider_token set sealed = ${p.sealed}::text, version = version + 1,
					expires_at = ${now(p)} + ${p.expiresInMs}::bigint, refreshing_until = 0, updated_at = ${now(p)}
				where issuer = ${p.issuer}::text and subject = ${p.subject}::text and version = ${p.version}::integer
				returning 1 as replaced`,
		),
	};
}
