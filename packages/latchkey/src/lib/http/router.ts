import type { HttpMethod, Route } from "./route.ts";

/** What a path leads to: its routes by method, and the values of its `{names}`. */
export interface Match {
	readonly routes: ReadonlyMap<HttpMethod, Route>;
	readonly params: Readonly<Record<string, string>>;
	/** For `Allow`: every method that the path answers. */
	readonly allow: string;
}

interface Branch {
	readonly segments: readonly string[];
	readonly routes: Map<HttpMethod, Route>;
}

/** Finds routes by path. Built once; paths match exactly, with no normalisation for anything to disagree about. */
export class Router {
	readonly #branches = new Map<string, Branch>();
	readonly #withNames: Branch[] = [];

	constructor(routes: readonly Route[]) {
		for (const route of routes) this.#add(route);
	}

	/** `path` is what follows the base path: `""` or `/sessions/0198…`. */
	match(path: string): Match | null {
		const exact = this.#branches.get(path);
		// A pattern is no path: asked for by its own letters it would have names without values.
		if (exact !== undefined && !path.includes("{")) return found(exact, {});
		const segments = path.split("/");
		for (const branch of this.#withNames) {
			const params = readParams(branch.segments, segments);
			if (params !== null) return found(branch, params);
		}
		return null;
	}

	#add(route: Route): void {
		const known = this.#branches.get(route.path);
		const branch = known ?? { segments: route.path.split("/"), routes: new Map() };
		if (branch.routes.has(route.method)) throw new TypeError(`Two routes for ${route.method} ${route.path}`);
		branch.routes.set(route.method, route);
		if (known !== undefined) return;
		this.#branches.set(route.path, branch);
		if (route.path.includes("{")) this.#withNames.push(branch);
	}
}

function found({ routes }: Branch, params: Record<string, string>): Match {
	const methods = [...routes.keys(), ...(routes.has("GET") ? ["HEAD"] : []), "OPTIONS"];
	return { routes, params, allow: methods.join(", ") };
}

function readParams(pattern: readonly string[], segments: readonly string[]): Record<string, string> | null {
	if (pattern.length !== segments.length) return null;
	const params: Record<string, string> = {};
	for (const [index, part] of pattern.entries()) {
		const segment = segments[index]!;
		if (!part.startsWith("{")) {
			if (part !== segment) return null;
		} else {
			// Ids and tokens are made of these; whatever else comes is none of ours.
			if (!/^[A-Za-z0-9_-]{1,600}$/.test(segment)) return null;
			params[part.slice(1, -1)] = segment;
		}
	}
	return params;
}
