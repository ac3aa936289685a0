import { describe, expectTypeOf, it } from "vitest";
import * as z from "zod";
import { createAuth as createAuthWithoutNext } from "../auth.ts";
import { password } from "../passwords/password.ts";
import type { SessionOf, useSession, useUser } from "../react/use-session.ts";
import type { Session, User } from "../sessions/session.ts";
import { createAuth } from "./create-auth.ts";

const options = { methods: [password()] };

const auth = createAuth({
	...options,
	userFields: {
		company: { schema: z.string().max(100), editable: true },
		plan: { schema: z.enum(["free", "paid"]), default: "free" },
		tags: { schema: z.array(z.string()), default: [] },
	},
});

interface Own {
	readonly company: string | null;
	readonly plan: "free" | "paid";
	readonly tags: string[];
}

type Flat<Value> = { [Name in keyof Value]: Value[Name] };

describe("own fields flow from the configuration", () => {
	it("into auth(), protect() and the session of trusted code", () => {
		type Found = NonNullable<Awaited<ReturnType<typeof auth>>>;
		expectTypeOf<Flat<Found["user"]>>().toEqualTypeOf<Flat<User & Own>>();
		expectTypeOf(auth.protect).returns.resolves.toEqualTypeOf<Found>();
		expectTypeOf(auth.readSession).returns.resolves.toEqualTypeOf<Found | null>();
		expectTypeOf<Found>().toExtend<Session>();
	});

	it("into actions and routes", () => {
		auth.action({ input: z.object({}) }, async ({ user, session }) => {
			expectTypeOf(user.company).toEqualTypeOf<string | null>();
			expectTypeOf(session.user.plan).toEqualTypeOf<"free" | "paid">();
		});
		auth.route({}, ({ user }) => {
			expectTypeOf(user.plan).toEqualTypeOf<"free" | "paid">();
			return new Response();
		});
	});

	it("into useSession and useUser", () => {
		type Shown = Extract<ReturnType<typeof useSession<typeof auth>>, { status: "signed-in" }>;
		expectTypeOf<Shown["user"]["plan"]>().toEqualTypeOf<"free" | "paid">();
		expectTypeOf<NonNullable<ReturnType<typeof useUser<typeof auth>>>["company"]>().toEqualTypeOf<string | null>();
		expectTypeOf<SessionOf<unknown>>().toEqualTypeOf<Session>();
	});

	it("into updateUser, which takes no other value", () => {
		type Fields = Parameters<typeof auth.updateUser>[1]["fields"];
		expectTypeOf<{ plan: "paid"; company: null }>().toExtend<Fields>();
		expectTypeOf<{ plan: "gold" }>().not.toExtend<Fields>();
	});

	it("into the function that says whether a second factor is needed", () => {
		const byPlan = createAuth({
			...options,
			userFields: { plan: { schema: z.enum(["free", "paid"]), default: "free" } },
			secondFactor: (user) => {
				expectTypeOf(user.plan).toEqualTypeOf<"free" | "paid">();
				expectTypeOf(user.email).toEqualTypeOf<string | null>();
				return user.plan === "paid" ? "required" : "optional";
			},
		});
		type Found = NonNullable<Awaited<ReturnType<typeof byPlan>>>;
		expectTypeOf<Found["user"]["plan"]>().toEqualTypeOf<"free" | "paid">();
	});

	it("also without Next.js, and hold a default against its schema", () => {
		const plain = createAuthWithoutNext({ ...options, userFields: { plan: { schema: z.string() } } });
		expectTypeOf<NonNullable<Awaited<ReturnType<typeof plain.readSession>>>["user"]["plan"]>().toEqualTypeOf<
			string | null
		>();
		const wrong = () =>
			createAuth({
				...options,
				// @ts-expect-error the default is none of the schema's values
				userFields: { plan: { schema: z.enum(["free", "paid"]), default: "gold" } },
			});
		expectTypeOf(wrong).toBeFunction();
	});
});
