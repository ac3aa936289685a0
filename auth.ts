import { createAuth, password } from "latchkey/next";

export const auth = createAuth({ name: "Latchkey", methods: [password()], pages: { afterSignIn: "/dashboard" } });
