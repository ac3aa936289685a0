import * as z from "zod";
import { AuthError } from "../errors.ts";
import { refusal } from "../http/responses.ts";
import { type Route, route } from "../http/route.ts";
import { messageSchema, userSchema } from "../http/schemas.ts";
import { toUser } from "../sessions/session.ts";
import { deleteAccount, exportAccount, updateAccount, userChanges } from "./account.ts";

const readUser = route({
	method: "GET",
	path: "/user",
	summary: "The signed-in user.",
	access: "signed-in",
	responses: { 200: z.object({ user: userSchema }) },
	async handle({ current }) {
		return { status: 200, body: { user: toUser(current.user) } };
	},
});

const changeUser = route({
	method: "PATCH",
	path: "/user",
	summary: "Change the name or the user name (after a recent proof). `null` removes one; what is absent stays.",
	access: "signed-in",
	body: userChanges,
	responses: { 200: messageSchema.extend({ user: userSchema }) },
	errors: ["identifier_taken", "too_many_attempts", "reauthentication_required"],
	async handle({ engine, visitor, current, body }) {
		const updated = await updateAccount(engine, visitor, current, body);
		if (!updated.ok) throw refusal(updated);
		return { status: 200, body: { message: "Saved", user: updated.user } };
	},
});

const deleteUser = route({
	method: "DELETE",
	path: "/user",
	summary: "Delete the account and everything that is theirs. Asks for a recent proof.",
	access: "recent",
	responses: { 200: messageSchema },
	async handle({ engine, current }) {
		return { status: 200, body: { message: "Account deleted" }, cookie: await deleteAccount(engine, current) };
	},
});

const exportUser = route({
	method: "GET",
	path: "/user/export",
	summary: "Everything stored about the user, hashes and secrets apart. Asks for a recent proof.",
	access: "recent",
	responses: { 200: z.looseObject({ user: userSchema.extend({ updatedAt: z.iso.datetime() }) }) },
	async handle({ engine, current }) {
		const body = await exportAccount(engine, current);
		if (body === null) throw new AuthError("not_authenticated");
		return { status: 200, body, headers: { "content-disposition": 'attachment; filename="account.json"' } };
	},
});

export const userRoutes: readonly Route[] = [readUser, changeUser, deleteUser, exportUser];
