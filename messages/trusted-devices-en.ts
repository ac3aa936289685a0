/** Devices that a second step is not asked for on. */
export const trustedDevices = {
	trust: {
		one: "Do not ask on this device again for a day",
		other: "Do not ask on this device again for {count} days",
	},
	trustHint: "Only on a device that is yours alone.",
	title: "Trusted devices",
	lead: "On these, the first step alone signs you in. What matters asks for the second step all the same.",
	trusted: "Trusted",
	until: "until",
	lastUsed: "Last used {when}",
	forget: "Ask again there",
	forgetNamed: "Ask again there: {device}",
	pending: "Saving…",
	forgotten: "That device is asked for the second step again.",
};
