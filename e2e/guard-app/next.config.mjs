import { fileURLToPath } from "node:url";

/** Built twice: guards must hold with cacheComponents and without. There is no proxy.ts: nothing may depend on one. */
const cacheComponents = process.env.GUARD_APP === "cache-components";

export default {
	...(cacheComponents && { cacheComponents, partialPrefetching: true }),
	distDir: `.next/${process.env.GUARD_APP}`,
	// The library is taken from its source, outside this folder.
	turbopack: { root: fileURLToPath(new URL("../..", import.meta.url)) },
	// `npm test` checks these types in a step of its own.
	typescript: { ignoreBuildErrors: true },
};
