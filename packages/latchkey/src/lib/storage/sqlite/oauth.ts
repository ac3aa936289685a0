import { sql } from "kysely";
import type { OAuthStorage, UnlinkedIdentity } from "../oauth-storage.ts";
import { type SqliteConnection, Undo } from "./connection.ts";
import { providerSessionOperations } from "./provider-sessions.ts";
import { isLive } from "./session-steps.ts";
import type { Steps } from "./steps.ts";

/** Linked identities, the tokens that came with them, and the sessions that began there. */
export function oauthOperations(connection: SqliteConnection, steps: Steps): OAuthStorage {
	return {
		...identityOperations(connection, steps),
		...tokenOperations(connection),
		...providerSessionOperations(connection, steps),
	};
}

function identityOperations(
	connection: SqliteConnection,
	steps: Steps,
): Pick<OAuthStorage, "listIdentities" | "linkIdentity" | "unlinkIdentity"> {
	const { list, isThere, holder, link, unlink, otherWay } = prepareIdentities(connection);
	const { endBegun, keepOthers } = prepareEnd(connection);
	return {
		listIdentities: (userId) =>
			connection.execute(() =>
				list.all({ userId }).map(({ created_at, used_at, ...identity }) => ({
					...identity,
					createdAt: created_at,
					usedAt: used_at,
				})),
			),

		linkIdentity: ({ epoch, events, ...input }) =>
			connection.transaction(() => {
				const { userId, verifiedEmail } = input;
				if (isThere.all({ userId, verifiedEmail, epoch }).length === 0) return "gone";
				const now = connection.now();
				if (link.run({ ...input, now }) === 0) {
					const [held] = holder.all({ issuer: input.issuer, subject: input.subject });
					return held?.user_id === input.userId ? "linked" : "taken";
				}
				steps.events.append(events, now);
				return "linked";
			}),

		unlinkIdentity: ({ userId, issuer, subject, usableProviders, keepSessionId, events }) =>
			connection.transaction((): UnlinkedIdentity | Undo<UnlinkedIdentity> => {
				if (unlink.run({ userId, issuer, subject }) === 0) return new Undo("gone");
				const isUsable = (provider: string | null) => provider === null || usableProviders.includes(provider);
				const others = list.all({ userId }).some(({ provider }) => isUsable(provider));
				if (!others && otherWay.all({ userId }).length === 0) return new Undo("last");
				const now = connection.now();
				const ended = endBegun.run({ userId, issuer, subject, keepSessionId, now });
				if (!steps.sessions.keep({ userId, sessionId: keepSessionId, now })) return new Undo("not_live");
				keepOthers.run({ userId, keepSessionId, now });
				steps.sessions.moveEpoch(userId);
				steps.events.append(events, now);
				return ended;
			}),
	};
}

function tokenOperations(
	connection: SqliteConnection,
): Pick<OAuthStorage, "keepProviderTokens" | "findProviderTokens" | "claimRefresh" | "replaceProviderTokens"> {
	const { use, keep, find, claim, replace } = prepareTokens(connection);
	return {
		keepProviderTokens: ({ userId, issuer, subject, provider, label, sealed, expiresInMs }) =>
			connection.transaction(() => {
				const now = connection.now();
				if (use.run({ userId, issuer, subject, provider, label, now }) === 0) return new Undo(false);
				if (sealed !== null) keep.run({ issuer, subject, sealed, expiresAt: plus(now, expiresInMs), now });
				return true;
			}),

		findProviderTokens: (input) =>
			connection.execute(() => {
				const { userId, provider, identity } = input;
				const row = find.get({
					userId,
					provider,
					issuer: identity?.issuer ?? null,
					subject: identity?.subject ?? null,
				});
				if (row === undefined) return null;
				const { expires_at: expiresAt, refreshing_until: refreshingUntil, newest: _newest, ...rest } = row;
				return { ...rest, expiresAt, refreshingUntil, now: connection.now() };
			}),

		claimRefresh: ({ issuer, subject, version, leaseMs }) =>
			connection.execute(() => {
				const now = connection.now();
				return claim.run({ issuer, subject, version, now, until: now + leaseMs, absurd: now + 2 * leaseMs }) === 1;
			}),

		replaceProviderTokens: ({ issuer, subject, version, sealed, expiresInMs }) =>
			connection.execute(() => {
				const now = connection.now();
				return replace.run({ issuer, subject, version, sealed, expiresAt: plus(now, expiresInMs), now }) === 1;
			}),
	};
}

function prepareIdentities(connection: SqliteConnection) {
	type Pair = { issuer: string; subject: string };
	return {
		// Inside transactions too, so on the connection that writes.
		list: connection.prepare((db, p: { userId: string }) =>
			db
				.selectFrom("latchkey_identity")
				.select(["issuer", "subject", "provider", "label", "created_at", "used_at"])
				.where("user_id", "=", p.userId),
		),

		isThere: connection.prepare((db, p: { userId: string; verifiedEmail: string | null; epoch: number | null }) =>
			db
				.selectFrom("latchkey_user as u")
				.select("u.id")
				.where("u.id", "=", p.userId)
				.where(sql<boolean>`(${p.epoch} is null or u.epoch = ${p.epoch})`)
				.where(
					sql<boolean>`(${p.verifiedEmail} is null or exists (select 1 from latchkey_identifier as i
						where i.user_id = u.id and i.kind = 'email' and i.canonical = ${p.verifiedEmail}
							and i.verified_at is not null))`,
				),
		),

		holder: connection.prepare((db, p: Pair) =>
			db
				.selectFrom("latchkey_identity")
				.select("user_id")
				.where("issuer", "=", p.issuer)
				.where("subject", "=", p.subject),
		),

		link: connection.prepare((db, p: Pair & { userId: string; provider: string; label: string | null; now: number }) =>
			db
				.insertInto("latchkey_identity")
				.values({
					issuer: p.issuer,
					subject: p.subject,
					user_id: p.userId,
					created_at: p.now,
					provider: p.provider,
					label: p.label,
				})
				.onConflict((conflict) => conflict.columns(["issuer", "subject"]).doNothing()),
		),

		unlink: connection.prepare((db, p: Pair & { userId: string }) =>
			db
				.deleteFrom("latchkey_identity")
				.where("issuer", "=", p.issuer)
				.where("subject", "=", p.subject)
				.where("user_id", "=", p.userId),
		),

		otherWay: connection.prepare((db, p: { userId: string }) =>
			db
				.selectFrom("latchkey_user as u")
				.leftJoin("latchkey_password as p", "p.user_id", "u.id")
				.where("u.id", "=", p.userId)
				.where((is) => is.or([is("p.user_id", "is not", null), is("u.passkeys", ">", 0)]))
				.select("u.id"),
		),
	};
}

/** Sessions that began by an identity, and all the others. Both go before the epoch moves. */
function prepareEnd(connection: SqliteConnection) {
	type Begun = { userId: string; issuer: string; subject: string; keepSessionId: string; now: number };
	return {
		endBegun: connection.prepare((db, p: Begun) =>
			db
				.updateTable("latchkey_session")
				.set({ ended_at: p.now })
				.where("user_id", "=", p.userId)
				.where("id", "<>", p.keepSessionId)
				.where((eb) =>
					eb.exists(
						eb
							.selectFrom("latchkey_provider_session as b")
							.select("b.session_id")
							.whereRef("b.session_id", "=", "latchkey_session.id")
							.where("b.issuer", "=", p.issuer)
							.where("b.subject", "=", p.subject),
					),
				)
				.where(isLive(p.now)),
		),

		keepOthers: connection.prepare((db, p: { userId: string; keepSessionId: string; now: number }) =>
			db
				.updateTable("latchkey_session")
				.set((eb) => ({ epoch: eb("epoch", "+", sql.lit(1)) }))
				.where("user_id", "=", p.userId)
				.where("id", "<>", p.keepSessionId)
				.where(isLive(p.now)),
		),
	};
}

function prepareTokens(connection: SqliteConnection) {
	type Pair = { issuer: string; subject: string };
	return {
		use: connection.prepare((db, p: Pair & { userId: string; provider: string; label: string | null; now: number }) =>
			db
				.updateTable("latchkey_identity")
				.set({ used_at: p.now, provider: p.provider, label: p.label })
				.where("issuer", "=", p.issuer)
				.where("subject", "=", p.subject)
				.where("user_id", "=", p.userId),
		),

		keep: connection.prepare((db, p: Pair & { sealed: string; expiresAt: number | null; now: number }) =>
			db
				.insertInto("latchkey_provider_token")
				.values({
					issuer: p.issuer,
					subject: p.subject,
					sealed: p.sealed,
					version: sql.lit(1),
					expires_at: p.expiresAt,
					refreshing_until: sql.lit(0),
					updated_at: p.now,
				})
				.onConflict((conflict) =>
					conflict.columns(["issuer", "subject"]).doUpdateSet((eb) => ({
						sealed: eb.ref("excluded.sealed"),
						version: eb("latchkey_provider_token.version", "+", sql.lit(1)),
						expires_at: eb.ref("excluded.expires_at"),
						refreshing_until: sql.lit(0),
						updated_at: eb.ref("excluded.updated_at"),
					})),
				),
		),

		find: connection.prepare(
			(db, p: { userId: string; provider: string; issuer: string | null; subject: string | null }) =>
				db
					.selectFrom("latchkey_identity as i")
					.innerJoin("latchkey_provider_token as t", (join) =>
						join.onRef("t.issuer", "=", "i.issuer").onRef("t.subject", "=", "i.subject"),
					)
					.select(["t.issuer", "t.subject", "t.sealed", "t.version", "t.expires_at", "t.refreshing_until"])
					.select((eb) => eb.fn.max("t.updated_at").as("newest"))
					.where("i.user_id", "=", p.userId)
					.where("i.provider", "=", p.provider)
					.where(sql<boolean>`(${p.issuer} is null or (i.issuer = ${p.issuer} and i.subject = ${p.subject}))`)
					.having((eb) => eb.fn.countAll(), ">", sql.lit(0)),
		),

		claim: connection.prepare((db, p: Pair & { version: number; now: number; until: number; absurd: number }) =>
			db
				.updateTable("latchkey_provider_token")
				.set({ refreshing_until: p.until })
				.where("issuer", "=", p.issuer)
				.where("subject", "=", p.subject)
				.where("version", "=", p.version)
				.where((is) => is.or([is("refreshing_until", "<=", p.now), is("refreshing_until", ">", p.absurd)])),
		),

		replace: connection.prepare(
			(db, p: Pair & { version: number; sealed: string | null; expiresAt: number | null; now: number }) =>
				db
					.updateTable("latchkey_provider_token")
					.set((eb) => ({
						sealed: p.sealed,
						version: eb("version", "+", sql.lit(1)),
						expires_at: p.expiresAt,
						refreshing_until: sql.lit(0),
						updated_at: p.now,
					}))
					.where("issuer", "=", p.issuer)
					.where("subject", "=", p.subject)
					.where("version", "=", p.version),
		),
	};
}

function plus(now: number, ms: number | null): number | null {
	return ms === null ? null : now + ms;
}
