import { misconfigured } from "../../errors.ts";
import { defaultPrefix } from "./names.ts";

/** A `postgres:` URL, taken apart. */
export interface DatabaseUrl {
	/** What `pg` connects by: the URL without our own parameters. */
	connectionString: string;
	/** `?schema=`; `null` for the one that the server would choose. */
	schema: string | null;
	/** `?prefix=`, in the place of `latchkey_`. */
	prefix: string;
	/** What a message may say of it: never user or password. */
	label: string;
}

/** Whether this names PostgreSQL. */
export function isPostgresUrl(text: string): boolean {
	return /^postgres(ql)?:\/\//.test(text);
}

/** @throws {AuthError} `misconfigured`, with the cure. */
export function parseDatabaseUrl(text: string): DatabaseUrl {
	const url = URL.canParse(text) ? new URL(text) : null;
	if (url === null || !isPostgresUrl(text)) {
		throw misconfigured(
			"AUTH_DATABASE_URL is not a URL such as postgres://user:password@host:5432/database; signs such as @ and # in the password are written as %40 and %23",
		);
	}
	const schema = url.searchParams.get("schema");
	const prefix = url.searchParams.get("prefix");
	url.searchParams.delete("schema");
	url.searchParams.delete("prefix");
	return {
		connectionString: url.href,
		schema: checkName("schema", schema),
		prefix: checkName("prefix", prefix) ?? defaultPrefix,
		label: `PostgreSQL at ${url.host || "this machine"}${url.pathname}`,
	};
}

/** Plain names only: they become part of statements, and of names that PostgreSQL cuts off at 63 bytes. */
export function checkName(what: "schema" | "prefix", name: string | null): string | null {
	if (name === null || /^[a-z_][a-z0-9_]{0,29}$/.test(name)) return name;
	throw misconfigured(
		`${what} in AUTH_DATABASE_URL must be up to 30 small letters, digits and underscores, not ${JSON.stringify(name)}`,
	);
}
