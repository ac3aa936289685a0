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

/** @throws {AuthError} `misconfigured`, with the cure; `variable` is where the text comes from. */
export function parseDatabaseUrl(text: string, variable = "AUTH_DATABASE_URL"): DatabaseUrl {
	const url = URL.canParse(text) ? new URL(text) : null;
	// A password with a sign that ends the host leaves a rest where nothing belongs, and a part of it for the host.
	if (url === null || !isPostgresUrl(text) || url.hash !== "" || url.pathname.includes("@")) {
		throw misconfigured(
			`${variable} is not a URL such as postgres://user:password@host:5432/database; the signs @, /, ? and # in the password are written as %40, %2F, %3F and %23`,
		);
	}
	const schema = url.searchParams.get("schema");
	const prefix = url.searchParams.get("prefix");
	url.searchParams.delete("schema");
	url.searchParams.delete("prefix");
	return {
		connectionString: url.href,
		schema: checkName(`schema in ${variable}`, schema),
		prefix: checkName(`prefix in ${variable}`, prefix) ?? defaultPrefix,
		label: `PostgreSQL at ${url.host || "this machine"}${url.pathname}`,
	};
}

/**
 * Plain names only: they become part of statements, and of names that PostgreSQL cuts off at 63 bytes. Those that begin with
 * `pg_` it keeps for itself.
 */
export function checkName(what: string, name: string | null): string | null {
	if (name === null || /^(?!pg_)[a-z_][a-z0-9_]{0,29}$/.test(name)) return name;
	throw misconfigured(
		`${what} must be up to 30 small letters, digits and underscores, and not begin with pg_; it is ${JSON.stringify(name)}`,
	);
}
