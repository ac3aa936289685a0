import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import type { Auth } from "../src/lib/auth.ts";
import type { TestAnswer } from "../src/lib/testing/test-browser.ts";

type Validator = (body: unknown) => string | null;

interface Operation {
	responses: Record<string, { content?: Record<string, { schema: object }> }>;
}

interface Contract {
	paths: Record<string, Record<string, Operation>>;
	components: { schemas: { Error: object } };
}

const ajv = new Ajv2020({ strict: false, allErrors: true });
(formats as unknown as (instance: Ajv2020) => void)(ajv);
const contracts = new WeakMap<object, Promise<Contract>>();
const validators = new WeakMap<object, Validator>();
const pending = new Set<Promise<void>>();

/**
 * Holds an answer against the OpenAPI document of the engine that gave it. What is found wrong rejects, so that the run
 * fails even though the answer has been handed on already.
 */
export function checkAgainstContract(
	auth: Pick<Auth, "handle">,
	{ method, path }: { method: string; path: string },
	answer: TestAnswer,
): void {
	pending.add(compare(auth, method, path.split("?")[0]!, answer));
}

/** Resolves when every answer so far has been checked; rejects with what was wrong with one. */
export async function contractChecked(): Promise<void> {
	const checks = [...pending];
	pending.clear();
	await Promise.all(checks);
}

async function compare(auth: Pick<Auth, "handle">, method: string, path: string, answer: TestAnswer): Promise<void> {
	const contract = await contractOf(auth);
	const operation = findOperation(contract, method, path);
	if (operation === null) {
		const known = answer.status === 404 || answer.status === 405 || method === "HEAD" || method === "OPTIONS";
		if (!known) throw new Error(`${method} ${path} is not in the OpenAPI document but answered ${answer.status}`);
		return;
	}
	const response = operation.responses[answer.status];
	if (response === undefined) throw new Error(`${method} ${path}: ${answer.status} is not in the OpenAPI document`);
	const problem = validator(contract, response)(answer.body);
	if (problem !== null) throw new Error(`${method} ${path} ${answer.status}: ${problem}`);
}

function contractOf(auth: Pick<Auth, "handle">): Promise<Contract> {
	const known = contracts.get(auth);
	if (known !== undefined) return known;
	const reading = auth
		.handle(new Request("http://localhost:3000/api/auth/openapi.json"))
		.then((response) => response.json() as Promise<Contract>);
	contracts.set(auth, reading);
	return reading;
}

function findOperation({ paths }: Contract, method: string, path: string): Operation | null {
	const template = Object.keys(paths).find((candidate) => pattern(candidate).test(path));
	return (template === undefined ? undefined : paths[template]?.[method.toLowerCase()]) ?? null;
}

function pattern(template: string): RegExp {
	return new RegExp(`^${template.replaceAll(/[.]/g, "\\$&").replaceAll(/\{\w+\}/g, "[^/]+")}$`);
}

function validator(contract: Contract, response: Operation["responses"][string]): Validator {
	const known = validators.get(response);
	if (known !== undefined) return known;
	const made = compile(contract, response);
	validators.set(response, made);
	return made;
}

function compile({ components }: Contract, { content }: Operation["responses"][string]): Validator {
	if (content?.["text/html"] !== undefined)
		return (body) => (String(body).startsWith("<!DOCTYPE html>") ? null : "no page");
	const schema = content?.["application/json"]?.schema;
	if (schema === undefined) return (body) => (body === "" ? null : "a body where the document has none");
	const validate = ajv.compile({ ...schema, components });
	return (body) => (validate(body) ? null : ajv.errorsText(validate.errors));
}
