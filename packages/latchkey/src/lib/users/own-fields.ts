import { isDeepStrictEqual } from "node:util";
import * as z from "zod/mini";
import { misconfigured } from "../errors.ts";

/** What a field of one's own may hold. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json | undefined };

/** A field that the application adds to its users. */
export interface UserField {
	/** What it holds: JSON. What the schema makes of a value must fit it again, since it is read by it too. */
	readonly schema: z.core.$ZodType<Json>;
	/** Whether people set it themselves, at sign-up and in their profile. Otherwise trusted code does. Default false. */
	readonly editable?: boolean;
	/** What it is while nobody has set it, or when what is stored no longer fits. Default `null`. */
	readonly default?: Json;
}

export type UserFields = Readonly<Record<string, UserField>>;

/** What the fields are on a user. `unknown`, which adds nothing, where there are none. */
export type OwnFields<Fields extends UserFields> = string extends keyof Fields
	? unknown
	: keyof Fields extends never
		? unknown
		: {
				readonly [Name in keyof Fields]:
					| z.output<Fields[Name]["schema"]>
					| (Fields[Name] extends { readonly default: Json } ? never : null);
			};

/** Holds each default against its schema. */
export type CheckedDefaults<Fields extends UserFields> = {
	readonly [Name in keyof Fields]: Fields[Name] extends { readonly default: infer Default }
		? Default extends Immutable<z.output<Fields[Name]["schema"]>>
			? unknown
			: { readonly default: z.output<Fields[Name]["schema"]> }
		: unknown;
};

/** The changes that trusted code may make; `null` empties a field. */
export type FieldChanges<Own> = { readonly [Name in keyof Own]?: Own[Name] | null };

type Immutable<Value> = Value extends object ? { readonly [Name in keyof Value]: Immutable<Value[Name]> } : Value;

type Values = Readonly<Record<string, unknown>>;

/** All fields of one user together, as JSON. */
const maxBytes = 4096;

const taken = new Set([
	...["id", "name", "email", "emailVerified", "username", "createdAt", "updatedAt", "fields"],
	// What bodies and forms have beside them.
	...["password", "identifier", "method", "code", "token", "next", "currentPassword", "newPassword"],
	...["current_password", "new_password", "for", "credential"],
]);

/** @throws {AuthError} `misconfigured`, with the cure */
export function checkUserFields(fields: UserFields): UserFields {
	for (const [name, field] of Object.entries(fields)) {
		if (!/^[a-z]\w{0,39}$/.test(name) || taken.has(name) || name in Object.prototype) {
			throw misconfigured(
				`createAuth: userFields.${name}: choose another name, of letters and digits and none that users have already`,
			);
		}
		if (parse(field.schema, undefined).ok) {
			throw misconfigured(
				`createAuth: userFields.${name}: its schema must not take undefined; leave out .optional() and .default(), and give the default beside the schema`,
			);
		}
		if (field.default !== undefined && !parse(field.schema, field.default).ok) {
			throw misconfigured(`createAuth: userFields.${name}: its default does not fit its schema`);
		}
	}
	return Object.freeze({ ...fields });
}

/** The fields of a user as they are now: what no longer fits counts as not set. Never throws. */
export function readFields(fields: UserFields, stored: string | null): Record<string, unknown> {
	const values = parseStored(stored);
	return Object.fromEntries(
		Object.entries(fields).map(([name, field]) => {
			const given = values[name];
			const read = given === undefined || given === null ? null : parse(field.schema, given);
			return [name, read?.ok ? read.value : structuredClone(field.default ?? null)];
		}),
	);
}

export type MergedFields =
	| { readonly ok: true; readonly stored: string | null }
	| { readonly ok: false; readonly fields: Readonly<Record<string, string>> };

/**
 * The stored fields with these changes, as trusted code makes them; `null` empties one. What an older or newer version of
 * the application has stored beside them stays.
 */
export function mergeFields(fields: UserFields, stored: string | null, changes: Values): MergedFields {
	const merged: Record<string, unknown> = { ...parseStored(stored) };
	for (const [name, value] of Object.entries(changes)) {
		const field = Object.hasOwn(fields, name) ? fields[name]! : null;
		if (field === null) return { ok: false, fields: { [name]: "unknown" } };
		if (value === undefined) continue;
		delete merged[name];
		if (value === null) continue;
		const parsed = parse(field.schema, value);
		// Also as it will be read again.
		if (!parsed.ok || !parse(field.schema, parsed.value).ok) return { ok: false, fields: { [name]: "invalid" } };
		merged[name] = parsed.value;
	}
	const json = JSON.stringify(merged);
	if (Buffer.byteLength(json) > maxBytes) {
		return { ok: false, fields: Object.fromEntries(Object.keys(changes).map((name) => [name, "too_long"])) };
	}
	return { ok: true, stored: json === "{}" ? null : json };
}

/** Those of the changes that do change something; `undefined` when none does. */
export function changedFields(stored: string | null, changes: Values = {}): Values | undefined {
	const values = parseStored(stored);
	const changed = Object.entries(changes).filter(
		([name, value]) => !isDeepStrictEqual(Object.hasOwn(values, name) ? values[name] : null, value),
	);
	return changed.length === 0 ? undefined : Object.fromEntries(changed);
}

const withFields = new WeakMap<UserFields, Map<z.ZodMiniObject, z.ZodMiniType>>();

/** A body that may hold the fields which people set themselves; they come out below `fields`, apart from the rest. */
export function withEditableFields<Body extends z.ZodMiniObject>(
	body: Body,
	fields: UserFields,
): z.ZodMiniType<z.output<Body> & { readonly fields?: Values }> {
	const known = withFields.get(fields) ?? new Map<z.ZodMiniObject, z.ZodMiniType>();
	withFields.set(fields, known);
	const made = known.get(body) ?? extend(body, fields);
	known.set(body, made);
	// The one place where a body is told what the options have added to it.
	return made as z.ZodMiniType<z.output<Body> & { readonly fields?: Values }>;
}

function extend(body: z.ZodMiniObject, fields: UserFields): z.ZodMiniType {
	const editable = Object.entries(fields).filter(([, field]) => field.editable === true);
	if (editable.length === 0) return body;
	const names = new Set(editable.map(([name]) => name));
	const shape = Object.fromEntries(editable.map(([name, { schema }]) => [name, z.nullish(schema)]));
	const apart = z.transform((read: Record<string, unknown>) => {
		const given = Object.entries(read);
		const own = given.filter(([name, value]) => names.has(name) && value !== undefined);
		return {
			...Object.fromEntries(given.filter(([name]) => !names.has(name))),
			...(own.length > 0 && { fields: Object.fromEntries(own) }),
		};
	});
	// Not typed by the shape: what the options add is known to nobody here.
	return z.pipe(z.safeExtend(body, shape) as z.ZodMiniType<Record<string, unknown>>, apart);
}

/** A schema that throws fits nothing. */
function parse(schema: z.core.$ZodType, value: unknown): { ok: true; value: unknown } | { ok: false } {
	try {
		const parsed = z.safeParse(schema, value);
		return parsed.success ? { ok: true, value: parsed.data } : { ok: false };
	} catch {
		return { ok: false };
	}
}

function parseStored(stored: string | null): Values {
	if (stored === null) return {};
	try {
		const values: unknown = JSON.parse(stored);
		return typeof values === "object" && values !== null && !Array.isArray(values) ? (values as Values) : {};
	} catch {
		return {};
	}
}
