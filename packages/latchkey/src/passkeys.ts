export {
	type AskOptions,
	askForPasskey,
	type MakeOptions,
	makePasskey,
	type PasskeyProblem,
	type PasskeySignal,
	signalPasskeys,
	signalUnknownPasskey,
	signalUserDetails,
	supportsAutofill,
	supportsPasskeys,
	upgradeToPasskey,
} from "./lib/browser/passkeys.ts";
