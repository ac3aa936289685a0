import * as z from "zod";
import { AuthError } from "../errors.ts";
import { refusal } from "../http/responses.ts";
import { type Route, route } from "../http/route.ts";
import { messageSchema, userSchema } from "../http/schemas.ts";
import { toUser } from "../sessions/session.ts";
import { exportAccount, updateAccount, userChanges } from "./account.ts";
import { deleteAccount, keepAccount, pendingDeletion } from "./deletion.ts";

const readUser = route({
	method: "GET",
	path: "/user",
	summary: "The signed-in user.",
	access: "signed-in",
	responses: { 200: z.object({ user: userSchema }) },
	async handle({ engine, current }) {
		return { status: 200, body: { user: toUser(engine, current.user) } };
	},
});

const changeUser = route({
	method: "PATCH",
	path: "/user",
	summary: "Change the name or the user name (after a recent proof). `null` removes one; what is absent stays.",
	access: "signed-in",
	body: userChanges,
	ownFields: true,
	responses: { 200: z.object({ ...messageSchema.shape, user: userSchema }) },
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
	summary:
		"Delete the account and everything that is theirs: in seven days where the address is proven, told by mail with a way back, and otherwise at once. Every session ends. Asks for a recent proof.",
	access: "recent",
	responses: { 200: z.object({ ...messageSchema.shape, deletesAt: z.iso.datetime().nullable() }) },
	async handle({ engine, visitor, current }) {
		const { cookie, deletesAt } = await deleteAccount(engine, visitor, current);
		const message = deletesAt === null ? "Account deleted" : "Account will be deleted";
		return { status: 200, body: { message, deletesAt }, cookie };
	},
});

const deletionSchema = z.object({ deletesAt: z.iso.datetime().nullable() });

const readDeletion = route({
	method: "GET",
	path: "/user/deletion",
	summary: "When the account will be deleted; `null` when it will not.",
	access: "signed-in",
	responses: { 200: deletionSchema },
	async handle({ engine, current }) {
		return { status: 200, body: { deletesAt: await pendingDeletion(engine, current) } };
	},
});

const undoDeletion = route({
	method: "DELETE",
	path: "/user/deletion",
	summary: "Keep the account that was to be deleted.",
	access: "signed-in",
	responses: { 200: messageSchema },
	errors: ["not_found"],
	async handle({ engine, visitor, current }) {
		if (!(await keepAccount(engine, visitor, current))) throw new AuthError("not_found");
		return { status: 200, body: { message: "Your account stays" } };
	},
});

const exportUser = route({
	method: "GET",
	path: "/user/export",
	summary: "Everything stored about the user, hashes and secrets apart. Asks for a recent proof.",
	access: "recent",
	responses: { 200: z.looseObject({ user: z.object({ ...userSchema.shape, updatedAt: z.iso.datetime() }) }) },
	async handle({ engine, visitor, current }) {
		const body = await exportAccount(engine, visitor, current);
		if (body === null) throw new AuthError("not_authenticated");
		return { status: 200, body, headers: { "content-disposition": 'attachment; filename="account.json"' } };
	},
});

export const userRoutes: readonly Route[] = [readUser, changeUser, deleteUser, readDeletion, undoDeletion, exportUser];
