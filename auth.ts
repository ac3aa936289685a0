import { apple, createAuth, exampleProvider, facebook, github, google, microsoft, password } from "latchkey/next";

// A provider is offered once its variables are set; the example provider on this machine only.
export const auth = createAuth({
	name: "Latchkey",
	methods: [password(), google(), github(), apple(), microsoft(), facebook(), exampleProvider()],
	pages: { afterSignIn: "/dashboard" },
});
