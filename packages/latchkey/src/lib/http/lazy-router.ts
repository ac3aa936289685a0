import type { Route, RouteGroup } from "./route.ts";
import { type Match, Router } from "./router.ts";

/** A {@link Router} over groups of routes: the code of a feature is loaded by the first request that means it. */
export class LazyRouter {
	readonly #groups: readonly RouteGroup[];
	readonly #prepare: (route: Route) => Route;
	readonly #loading = new Map<RouteGroup, Promise<readonly Route[]>>();
	readonly #routers = new Map<string, Router>();

	/** `prepare` sees each route once, before it serves. */
	constructor(groups: readonly RouteGroup[], prepare: (route: Route) => Route = (route) => route) {
		this.#groups = groups;
		this.#prepare = prepare;
	}

	/** As {@link Router.match}. */
	async match(path: string): Promise<Match | null> {
		const under = firstSegment(path);
		const router = this.#routers.get(under) ?? (await this.#open(under));
		return router?.match(path) ?? null;
	}

	/** Every route, in the order of the groups. */
	async routes(): Promise<readonly Route[]> {
		return (await Promise.all(this.#groups.map((group) => this.#load(group)))).flat();
	}

	async #open(under: string): Promise<Router | null> {
		const groups = this.#groups.filter((group) => group.under.includes(under));
		// Not remembered: there is no end of paths that mean nothing.
		if (groups.length === 0) return null;
		const routes = (await Promise.all(groups.map((group) => this.#load(group)))).flat();
		const router = new Router(routes.filter(({ path }) => firstSegment(path) === under));
		this.#routers.set(under, router);
		return router;
	}

	#load(group: RouteGroup): Promise<readonly Route[]> {
		const known = this.#loading.get(group);
		if (known !== undefined) return known;
		const loading = loadChecked(group).then((routes) => routes.map(this.#prepare));
		this.#loading.set(group, loading);
		// What failed is tried again at the next request.
		loading.catch(() => this.#loading.delete(group));
		return loading;
	}
}

/** @throws for a route that no request would find. */
async function loadChecked({ under, load }: RouteGroup): Promise<readonly Route[]> {
	const routes = await load();
	const lost = routes.find(({ path }) => !under.includes(firstSegment(path)));
	if (lost !== undefined) throw new TypeError(`${lost.method} ${lost.path} is in a group under ${under.join(", ")}`);
	return routes;
}

/** `sessions` of `/sessions/{id}`, and nothing of the session resource itself. */
function firstSegment(path: string): string {
	return path.split("/", 2)[1] ?? "";
}
