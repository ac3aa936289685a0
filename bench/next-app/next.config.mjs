import { fileURLToPath } from "node:url";

/** As the application at the root has it. */
export default {
	cacheComponents: true,
	partialPrefetching: true,
	poweredByHeader: false,
	// The library is taken from its source, outside this folder.
	turbopack: { root: fileURLToPath(new URL("../..", import.meta.url)) },
	// Types are `npm test`'s matter, and the benchmark's minutes are few.
	typescript: { ignoreBuildErrors: true },
};
