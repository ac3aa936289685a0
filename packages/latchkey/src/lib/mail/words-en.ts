/** What the messages say. `{site}`, `{code}` and the like are put in where they stand. */
export const en = {
	greeting: "Hello,",
	lifetime: { minutes: "This works for {count} minutes, and once.", days: "This works for {count} days." },
	code: "Your code:",
	typeCode: "Type it where you asked for it, or open this link in the same browser:",
	ignore: "If you did not ask for this, do nothing: without the code nobody gets any further. Give it to nobody.",
	what: "What",
	when: "When",
	device: "Device",
	address: "Network address",
	on: "{browser} on {system}",
	unknown: "unknown",
	reviewDevices: "See where you are signed in:",
	notYou: "If this was not you, choose a new password now:",
	footer: "{site} sent this because it concerns your account. Nobody reads what is sent to this address.",
	passwordReset: {
		subject: "Choose a new password for {site}",
		text: "Somebody, most likely you, asked for a new password for the account with this address.",
		link: "Choose a new password:",
		ignore: "If it was not you, do nothing: your password stays as it is.",
	},
	signInCode: {
		subject: "{code} is your code for {site}",
		text: "With this code you sign in to {site}.",
	},
	signUpCode: {
		subject: "{code} is your code for {site}",
		text: "With this code you finish signing up to {site}.",
	},
	verifyEmail: {
		subject: "Confirm your address for {site}",
		text: "With this code you confirm that this address is yours.",
	},
	changeEmail: {
		subject: "Confirm your new address for {site}",
		text: "With this code you confirm that your account shall use this address from now on.",
	},
	alreadyRegistered: {
		subject: "You have an account with {site}",
		text: "Somebody, perhaps you, wanted to use this address for an account. There is one with it already: sign in with it, or choose a new password if you forgot it.",
		signIn: "Sign in:",
		forgot: "Choose a new password:",
		ignore: "If it was not you, do nothing. Nobody was told that you have an account.",
	},
	noAccount: {
		subject: "There is no account with this address at {site}",
		text: "Somebody, perhaps you, tried to get in with this address, but there is no account with it. You may have signed up with another one.",
		signUp: "Or sign up:",
		ignore: "If it was not you, do nothing.",
	},
	emailChanged: {
		subject: "Your address for {site} was changed",
		text: "Your account uses {address} from now on, and this address no longer.",
		undo: "If this was not you, take it back. That also signs everybody out, removes the password and every other way in that was added since a day before, and asks for a new password:",
	},
	deletionRequested: {
		subject: "Your account with {site} will be deleted",
		text: "Your account and everything that is yours will be deleted on {date}. You are signed out everywhere.",
		undo: "If you want to keep it, or if this was not you:",
	},
	userDeleted: {
		subject: "Your account with {site} is deleted",
		text: "Your account and everything that was yours is deleted. This is the last message to this address.",
	},
	notices: {
		"password.added": "Your account got a password: it signs in from now on",
		"password.changed": "Your password was changed",
		"password.reset": "A new password was chosen by mail",
		"password.removed":
			"Your password was removed, because this address had never been confirmed before. Choose a new one to sign in with it",
		"password.disabled":
			"Your password is disabled after 90 wrong ones in a row. Choose a new one to sign in with it again",
		"email.verified": "Your address was confirmed",
		"email.change_undone": "The change of your address was taken back. Choose a new password to sign in",
		"user.updated": "Your user name was changed",
		"sign_in.new_device": "A sign-in on a new device",
		"sessions.revoked": "Every other device was signed out",
		"session.copied": "Somebody used a copy of your session. It was ended",
		"user.deletion_undone": "Your account will not be deleted",
		"user.exported": "Your data was downloaded",
		"passkey.added": "A passkey was added",
		"passkey.removed": "A passkey was removed",
		"totp.added": "An authenticator app was added",
		"totp.removed": "An authenticator app was removed",
		"recovery_codes.made": "New recovery codes were made",
		"recovery_code.used": "A recovery code was used",
		"trusted_device.added": "A device is not asked for a second step any more",
		"trusted_device.copied":
			"A copy of what a trusted device keeps turned up. That device is asked for a second step again. If you have not put back an old copy of it yourself, choose a new password",
		"second_step.switched": "Whether a password alone signs in was changed",
		"identity.linked": "An account elsewhere was linked",
		"identity.unlinked": "An account elsewhere was unlinked",
	},
	otherNotice: "Something changed in your account",
};

/** The same shape with any words in it. */
export type MailWords = Widened<typeof en>;

type Widened<Part> = { readonly [Key in keyof Part]: Part[Key] extends string ? string : Widened<Part[Key]> };
