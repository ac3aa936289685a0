/** Somebody who has an account at the example provider. */
export interface ExamplePerson {
	readonly sub: string;
	readonly name: string;
	readonly email?: string;
	readonly email_verified?: boolean;
	/** What is special about them. */
	readonly note: string;
}

/** A few people, each of whom shows another way in which a provider can answer. */
export const examplePeople: readonly ExamplePerson[] = [
	{
		sub: "ada",
		name: "Ada Lovelace",
		email: "ada@example.org",
		email_verified: true,
		note: "ada@example.org, proven",
	},
	{
		sub: "grace",
		name: "Grace Hopper",
		email: "grace@example.org",
		email_verified: true,
		note: "grace@example.org, proven",
	},
	{
		sub: "katherine",
		name: "Katherine Johnson",
		email: "katherine@example.org",
		email_verified: true,
		note: "katherine@example.org, proven",
	},
	{
		sub: "alan",
		name: "Alan Turing",
		email: "alan@example.org",
		email_verified: false,
		note: "alan@example.org, not proven",
	},
	{
		sub: "emmy",
		name: "Emmy Noether",
		email: "emmy@example.org",
		email_verified: false,
		note: "emmy@example.org, not proven",
	},
	{
		sub: "hedy",
		name: "Hedy Lamarr",
		email: "hedy@example.org",
		email_verified: false,
		note: "hedy@example.org, not proven",
	},
	{ sub: "mary", name: "Mary Somerville", note: "No e-mail address" },
	{ sub: "sofia", name: "Sofia Kovalevskaya", note: "No e-mail address" },
	{ sub: "lise", name: "Lise Meitner", note: "No e-mail address" },
	{ sub: "rosalind", name: "Rosalind Franklin", note: "No e-mail address" },
];
