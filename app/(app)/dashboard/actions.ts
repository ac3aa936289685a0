"use server";

import * as z from "zod";
import { auth } from "@/auth";
import { keepNote } from "./notes";

/** A guarded server action: it runs for nobody but a signed-in visitor of this site, and with input that fits. */
export const saveNote = auth.action(
	{ input: z.object({ note: z.string().trim().max(280) }) },
	async ({ user, input }) => {
		keepNote(user.id, input.note);
		return { note: input.note };
	},
);
