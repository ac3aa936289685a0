/** What the application says where it calls another API for the visitor. */
export const contacts = {
	title: "Contacts elsewhere",
	lead: "This page asks the API of the example provider for the people you know there. It does so on the server, with your token at the provider: the browser never holds it.",
	link: "See them",
	noEmail: "No e-mail address",
	unavailable: "The example provider cannot be reached right now. Please try again in a moment.",
	connectTitle: "Your account there is not connected",
	connectText: "Connect it, or connect it once more, and this site may read your contacts for you.",
	browserTitle: "The same from the browser",
	browserText:
		"A script on this page asks this site, this site adds the token and asks the API, and the answer streams back. Only pages of this site may ask.",
	needsScript: "This part shows what scripts can do, so it needs JavaScript.",
	ask: "Ask from the browser",
	answer: "Answer",
	none: "No answer yet. Press the button.",
	pending: "Asking…",
	failed: "No answer: the server could not be reached.",
};
