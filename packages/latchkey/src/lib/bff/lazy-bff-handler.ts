import type { Engine } from "../engine.ts";
import { errorResponse } from "../http/handle-request.ts";
import type { Logger } from "../log.ts";
import type { BffHandler } from "./bff-handler.ts";
import { type BffOptions, resolveUpstreams } from "./upstream.ts";

/**
 * The same as the handler itself, which the first request loads. What is wrong with the options is said at once. Never
 * rejects; what failed to load or to open is tried again at the next request.
 * @throws {AuthError} `misconfigured`, with the cure
 */
export function lazyBffHandler(
	{ engine, logger }: { engine: () => Promise<Engine>; logger: Logger },
	options: BffOptions,
	load: () => Promise<typeof import("./bff-handler.ts")> = () => import("./bff-handler.ts"),
): BffHandler {
	resolveUpstreams(options);
	let loading: Promise<BffHandler> | null = null;

	async function handler(): Promise<BffHandler> {
		loading ??= load().then(({ bffHandler }) => bffHandler(engine, options));
		try {
			return await loading;
		} catch (error) {
			loading = null;
			throw error;
		}
	}

	return async (request) => {
		try {
			return await (await handler())(request);
		} catch (error) {
			return errorResponse(logger, error);
		}
	};
}
