import { type Route, route } from "../http/route.ts";
import { signInAnswer, signInResponses } from "../http/sign-in-answer.ts";
import { reauthenticate, reauthenticationInput } from "./reauthenticate.ts";

const reauthentication = route({
	method: "POST",
	path: "/reauthentication",
	summary: "Prove again who you are, for what asks for a recent proof. A new session takes the place of this one.",
	access: "signed-in",
	body: reauthenticationInput,
	responses: signInResponses,
	errors: ["invalid_credentials", "too_many_attempts", "busy"],
	async handle({ engine, visitor, current, body }) {
		return signInAnswer(200, "Reauthenticated", await reauthenticate(engine, visitor, current, body));
	},
});

export const reauthenticationRoutes: readonly Route[] = [reauthentication];
