import { auth } from "./auth";

export const proxy = auth.proxy({
	public: ["/", "/sign-in", "/sign-up"],
	nonce: ["/sign-in", "/sign-up"],
});

export const config = { matcher: ["/((?!_next/static|_next/image|favicon.ico).*)"] };
