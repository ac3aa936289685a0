import { createAuth, password } from "latchkey/next";

export const auth = createAuth({ methods: [password()] });
