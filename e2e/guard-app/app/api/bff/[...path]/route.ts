import { auth } from "@/auth";

/** The test listens there; a build needs an address too. */
const url = process.env.GUARD_APP_UPSTREAM ?? "http://127.0.0.1:9";

export const { GET, HEAD, POST, PUT, PATCH, DELETE } = auth.bff({
	upstreams: {
		echo: { url, token: { audience: "https://echo.example" }, maxRequestBytes: 64 * 1024 * 1024 },
		names: { url: `${url}/names`, encodedSlashes: true },
	},
});
