/** The page that a visitor sees first. */
export const landing = {
	title: "Sign-in that lives inside your own Next.js app",
	metaTitle: "Latchkey: authentication inside your Next.js app",
	lead: "Latchkey signs people up, signs them in and keeps watch over their sessions. It is a library, not a service: accounts stay in your database, and there is no third party to ask.",
	createAccount: "Create an account",
	openDashboard: "Open the dashboard",
	trySignIn: "I have an account",
	tryNote:
		"This site is the reference application. An account you make here is stored where it runs, and you can delete it.",
	whatTitle: "What it does",
	features: {
		sessions: {
			title: "Sessions you can end",
			text: "The cookie is a signed view of a row in your database. End the row, and the next request is refused, on every device.",
		},
		guards: {
			title: "One line per guard",
			text: "auth.protect() for pages, auth.action() for server actions, auth.route() for handlers. Each judges for itself, so nothing rests on the proxy alone.",
		},
		forms: {
			title: "Forms without JavaScript",
			text: "Sign-in, sign-up and every account page work before scripts load, and when they never do.",
		},
		plain: {
			title: "A plain HTTP contract",
			text: "POST creates a session, GET reads it, DELETE ends it. Any client that speaks HTTP can use it.",
		},
		storage: {
			title: "SQLite or PostgreSQL",
			text: "An embedded database with nothing to set up; PostgreSQL when one machine is not enough.",
		},
		open: {
			title: "Yours to read",
			text: "Every security event is in a log that its owner can see, and take along with the rest of their data.",
		},
	},
	codeTitle: "A whole project",
	codeText: "The configuration, the handlers, and a protected page. That is all of it.",
	notTitle: "What it does not do yet",
	notText: "There is no hosted version, and none is planned.",
};
