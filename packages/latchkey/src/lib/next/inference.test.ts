import { describe, expectTypeOf, it } from "vitest";
import * as z from "zod";
import { password } from "../passwords/password.ts";
import type { Session, User } from "../sessions/session.ts";
import type { ActionResult } from "./action.ts";
import { createAuth } from "./create-auth.ts";

const auth = createAuth({ methods: [password()] });

// Compiled by `tsc` with the rest: a type that is not inferred as said here fails the check, not the run.
describe("types flow from the configuration", () => {
	it("auth() may be nobody, protect() is somebody", () => {
		expectTypeOf(auth).returns.resolves.toEqualTypeOf<Session | null>();
		expectTypeOf(auth.protect).returns.resolves.toEqualTypeOf<Session>();
	});

	it("an action takes what its schema takes and answers what its body answers", () => {
		const rename = auth.action({ input: z.object({ count: z.coerce.number<string>() }) }, async ({ user, input }) => {
			expectTypeOf(user).toEqualTypeOf<User>();
			expectTypeOf(input).toEqualTypeOf<{ count: number }>();
			return { doubled: input.count * 2 };
		});
		type Answer = ActionResult<{ doubled: number }>;
		expectTypeOf(rename).toBeCallableWith({ count: "1" });
		expectTypeOf(rename).toBeCallableWith(null, new FormData());
		expectTypeOf<Awaited<ReturnType<typeof rename>>>().toEqualTypeOf<Answer>();
		// @ts-expect-error the schema wants a text
		expectTypeOf(rename).toBeCallableWith({ count: 1 });
	});

	it("a route knows its parameters and its input", () => {
		auth.route(
			{ params: z.object({ id: z.string() }), input: z.object({ note: z.string() }) },
			({ params, input, user, request }) => {
				expectTypeOf(params).toEqualTypeOf<{ id: string }>();
				expectTypeOf(input).toEqualTypeOf<{ note: string }>();
				expectTypeOf(user).toEqualTypeOf<User>();
				expectTypeOf(request).toEqualTypeOf<Request>();
				return new Response();
			},
		);
	});
});
