import type { NextConfig } from "next";

const config: NextConfig = {
	cacheComponents: true,
	partialPrefetching: true,
	poweredByHeader: false,
	typedRoutes: true,
};

export default config;
