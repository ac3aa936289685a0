import { auth } from "./auth";

export const proxy = auth.proxy({
	public: ["/", "/sign-in", "/sign-up", "/fetch", "/preferences"],
	nonce: ["/sign-in", "/sign-up", "/reauthenticate", "/dashboard", "/fetch", "/account/*"],
});

export const config = { matcher: ["/((?!_next/static|_next/image|favicon.ico).*)"] };
