"use server";

import * as z from "zod";
import { auth } from "@/auth";
import { countCall } from "@/calls";

export const act = auth.action({ input: z.object({ word: z.string().min(3) }) }, async ({ user, input }) => {
	countCall("action");
	return { said: `${input.word} by ${user.email}` };
});
