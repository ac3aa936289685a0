import { createAuth, passkey, password } from "latchkey/next";

export const auth = createAuth({
	name: "Latchkey",
	methods: [password(), passkey()],
	pages: { afterSignIn: "/dashboard" },
});
