import * as z from "zod";
import { type ErrorCode, errorCodes } from "../errors.ts";
import type { UserFields } from "../users/own-fields.ts";
import type { Access, Route } from "./route.ts";
import { errorSchema, pageSchema, userSchema } from "./schemas.ts";

const errorsOfAll: readonly ErrorCode[] = ["store_unavailable", "server_error"];
const errorsOfMutations: readonly ErrorCode[] = ["cross_origin"];
const errorsOfBodies: readonly ErrorCode[] = [
	"invalid_json",
	"body_too_large",
	"unsupported_media_type",
	"invalid_input",
];
const errorsOfAccess: Readonly<Record<Access, readonly ErrorCode[]>> = {
	public: [],
	"signed-in": ["not_authenticated"],
	recent: ["not_authenticated", "reauthentication_required"],
};

/** The contract as an OpenAPI 3.1 document, from the same table and schemas that requests are handled with. */
export function openApiDocument(routes: readonly Route[], basePath: string, userFields: UserFields): object {
	const paths: Record<string, Record<string, unknown>> = {};
	for (const route of routes) {
		const path = `${basePath}${route.path}`;
		paths[path] ??= {};
		paths[path][route.method.toLowerCase()] = operation(route, userFields);
	}
	return {
		openapi: "3.1.1",
		info: { title: "Latchkey", version: "1" },
		paths,
		components: {
			schemas: { Error: jsonSchema(errorSchema, "output") },
			securitySchemes: {
				session: { type: "apiKey", in: "cookie", name: "__Host-session", description: "`session` on loopback http" },
			},
		},
	};
}

function operation(route: Route, userFields: UserFields): object {
	const body = route.documentedBody ?? route.body;
	return {
		summary: route.summary,
		security: route.access === "public" ? [{}, { session: [] }] : [{ session: [] }],
		parameters: [...pathParameters(route), ...queryParameters(route)],
		...(body !== undefined && {
			requestBody: { required: true, content: { [mediaType(route)]: { schema: jsonSchema(body, "input") } } },
		}),
		responses: { ...successes(route, userFields), ...failures(route) },
	};
}

function mediaType({ media }: Route): string {
	return media === "form" ? "application/x-www-form-urlencoded" : "application/json";
}

function pathParameters({ path }: Route): object[] {
	return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
		name,
		in: "path",
		required: true,
		schema: { type: "string" },
	}));
}

function queryParameters({ query }: Route): object[] {
	if (query === undefined) return [];
	const { properties = {}, required = [] } = jsonSchema(query, "input") as {
		properties?: Record<string, object>;
		required?: string[];
	};
	return Object.entries(properties).map(([name, schema]) => ({
		name,
		in: "query",
		required: required.includes(name),
		schema,
	}));
}

function successes({ responses }: Route, userFields: UserFields): Record<string, object> {
	return Object.fromEntries(
		Object.entries(responses).map(([status, schema]) => [
			status,
			{ description: "Done", ...content(schema, userFields) },
		]),
	);
}

function content(schema: z.core.$ZodType, userFields: UserFields): object {
	if (schema === pageSchema) return { content: { "text/html": { schema: { type: "string" } } } };
	return schema._zod.def.type === "undefined"
		? {}
		: { content: { "application/json": { schema: jsonSchema(schema, "output", userFields) } } };
}

function failures(route: Route): Record<string, object> {
	const codes = [
		...errorsOfAll,
		...(route.method === "GET" ? [] : errorsOfMutations),
		...(route.body === undefined && route.query === undefined ? [] : errorsOfBodies),
		...errorsOfAccess[route.access],
		...(route.errors ?? []),
	];
	const byStatus = Map.groupBy(codes, (code) => errorCodes[code].status);
	return Object.fromEntries(
		[...byStatus].map(([status, group]) => [
			status,
			{
				description: group.map((code) => `\`${code}\`: ${errorCodes[code].message}`).join("; "),
				content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
			},
		]),
	);
}

function jsonSchema(schema: z.core.$ZodType, io: "input" | "output", userFields: UserFields = {}): object {
	const { $schema: _, ...rest } = z.toJSONSchema(schema, {
		io,
		unrepresentable: "any",
		override: ({ zodSchema, jsonSchema: described }) => {
			if (!isUser(zodSchema)) return;
			for (const [name, field] of Object.entries(userFields)) {
				const own = field.default === undefined ? z.nullable(field.schema) : field.schema;
				described.properties = {
					...described.properties,
					[name]: jsonSchema(own, "output") as z.core.JSONSchema.JSONSchema,
				};
				described.required = [...(described.required ?? []), name];
			}
		},
	});
	return rest;
}

/** `userSchema`, and what extends it. */
function isUser(schema: z.core.$ZodTypes): boolean {
	const { def } = schema._zod;
	return def.type === "object" && def.shape.emailVerified === userSchema.shape.emailVerified;
}
