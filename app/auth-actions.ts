"use server";

import { auth } from "@/auth";

export const signIn = auth.actions.signIn;
export const signUp = auth.actions.signUp;
