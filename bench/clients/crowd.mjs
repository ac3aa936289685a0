/** Many people who sign in, each to an account of their own, or sign up, without a pause. Answers how many could. */

import { Connection, requestText } from "../lib/http-connection.mjs";
import { goodPassword } from "../lib/people.mjs";
import { serve } from "../lib/workshop.mjs";

const regulars = new Set();
let newcomers = 0;

serve(async ({ port, doing, clients, forMs }) => {
	const connections = await Promise.all(Array.from({ length: clients }, () => Connection.open(port)));
	const emails = connections.map((_, index) => `regular-${index}@example.com`);
	const missing = emails.filter((email) => !regulars.has(email));
	await Promise.all(missing.map((email, index) => signUp(connections[index], port, email)));
	for (const email of missing) regulars.add(email);

	const deadline = performance.now() + forMs;
	const counts = await Promise.all(
		connections.map(async (connection, index) => {
			let count = 0;
			for (; performance.now() < deadline; count++) {
				if (doing === "signing in") await signIn(connection, port, emails[index]);
				else await signUp(connection, port, `newcomer-${newcomers++}@example.com`);
			}
			return count;
		}),
	);
	for (const connection of connections) connection.close();
	return counts.reduce((sum, count) => sum + count, 0);
});

function signIn(connection, port, email) {
	const body = { email, password: goodPassword };
	return connection.request(requestText("POST", "/api/auth", { port, body }), 200);
}

function signUp(connection, port, email) {
	const body = { email, password: goodPassword };
	return connection.request(requestText("POST", "/api/auth/sign-up", { port, body }), 201);
}
