-- Partitions the tables that grow most, whatever is in them. For the owner to run, once, while the application is stopped:
-- psql --single-transaction, with the tables' schema first on the search path. Names of tables: as by default.
-- The test packages/latchkey/src/lib/storage/postgres/partitioned.test.ts runs this very file, and the contract on the result.
CREATE SCHEMA IF NOT EXISTS latchkey_parts;

-- The audit log by ranges of its ids, which sort by time (UUIDv7: the first 48 bits are milliseconds since 1970). Old
-- partitions can be detached and kept elsewhere.
ALTER TABLE latchkey_audit_event RENAME TO latchkey_old_audit_event;
CREATE TABLE latchkey_audit_event (LIKE latchkey_old_audit_event INCLUDING DEFAULTS, PRIMARY KEY (id)) PARTITION BY RANGE (id);
CREATE TABLE latchkey_parts.audit_event_before_2026 PARTITION OF latchkey_audit_event
	FOR VALUES FROM (MINVALUE) TO ('019b76da-a800');
CREATE TABLE latchkey_parts.audit_event_2026 PARTITION OF latchkey_audit_event
	FOR VALUES FROM ('019b76da-a800') TO ('01a2ce8b-d400');
CREATE TABLE latchkey_parts.audit_event_after_2026 PARTITION OF latchkey_audit_event
	FOR VALUES FROM ('01a2ce8b-d400') TO (MAXVALUE);
INSERT INTO latchkey_audit_event SELECT * FROM latchkey_old_audit_event;
DROP TABLE latchkey_old_audit_event;
CREATE INDEX latchkey_audit_event_subject ON latchkey_audit_event (subject, id);
CREATE INDEX latchkey_audit_event_of_nobody ON latchkey_audit_event (at) WHERE subject IS NULL;

-- Sessions by their id. That two have the same secret is then excluded within a partition only, and otherwise by 128
-- random bits; a look-up by the secret asks each partition's index.
ALTER TABLE latchkey_session RENAME TO latchkey_old_session;
CREATE TABLE latchkey_session (
	LIKE latchkey_old_session INCLUDING DEFAULTS,
	PRIMARY KEY (id),
	FOREIGN KEY (user_id) REFERENCES latchkey_user (id) ON DELETE CASCADE
) PARTITION BY HASH (id);
DO $$ BEGIN
	FOR part IN 0..7 LOOP
		EXECUTE format('CREATE TABLE latchkey_parts.session_%s PARTITION OF latchkey_session
			FOR VALUES WITH (MODULUS 8, REMAINDER %s)', part, part);
		EXECUTE format('CREATE UNIQUE INDEX ON latchkey_parts.session_%s (secret_hash)', part);
	END LOOP;
END $$;
INSERT INTO latchkey_session SELECT * FROM latchkey_old_session;
ALTER TABLE latchkey_provider_session
	DROP CONSTRAINT latchkey_provider_session_session_id_fkey,
	ADD CONSTRAINT latchkey_provider_session_session_id_fkey
		FOREIGN KEY (session_id) REFERENCES latchkey_session (id) ON DELETE CASCADE;
DROP TABLE latchkey_old_session;
CREATE INDEX latchkey_session_user ON latchkey_session (user_id, created_at, id);
CREATE INDEX latchkey_session_sweep ON latchkey_session (sweep_at);
CREATE INDEX latchkey_session_lookup ON latchkey_session USING hash (secret_hash);
CREATE INDEX latchkey_session_end ON latchkey_session (ended_at) WHERE ended_at IS NOT NULL;

-- Counters and one-time tokens by their whole keys, so that nothing is lost but the one table.
ALTER TABLE latchkey_throttle RENAME TO latchkey_old_throttle;
CREATE TABLE latchkey_throttle (LIKE latchkey_old_throttle INCLUDING DEFAULTS, PRIMARY KEY (key)) PARTITION BY HASH (key);
ALTER TABLE latchkey_one_time_token RENAME TO latchkey_old_one_time_token;
CREATE TABLE latchkey_one_time_token (
	LIKE latchkey_old_one_time_token INCLUDING DEFAULTS,
	PRIMARY KEY (purpose, token_hash)
) PARTITION BY HASH (purpose, token_hash);
DO $$ BEGIN
	FOR part IN 0..3 LOOP
		EXECUTE format('CREATE TABLE latchkey_parts.throttle_%s PARTITION OF latchkey_throttle
			FOR VALUES WITH (MODULUS 4, REMAINDER %s)', part, part);
		EXECUTE format('CREATE TABLE latchkey_parts.one_time_token_%s PARTITION OF latchkey_one_time_token
			FOR VALUES WITH (MODULUS 4, REMAINDER %s)', part, part);
	END LOOP;
END $$;
INSERT INTO latchkey_throttle SELECT * FROM latchkey_old_throttle;
INSERT INTO latchkey_one_time_token SELECT * FROM latchkey_old_one_time_token;
DROP TABLE latchkey_old_throttle, latchkey_old_one_time_token;
CREATE INDEX latchkey_throttle_expiry ON latchkey_throttle (forgotten_at);
CREATE INDEX latchkey_one_time_token_subject ON latchkey_one_time_token (subject);
CREATE INDEX latchkey_one_time_token_expiry ON latchkey_one_time_token (expires_at);
