"use server";

import { auth } from "@/auth";

export const signIn = auth.actions.signIn;
export const signUp = auth.actions.signUp;
export const reauthenticate = auth.actions.reauthenticate;
export const changePassword = auth.actions.changePassword;
export const updateProfile = auth.actions.updateProfile;
export const endSession = auth.actions.endSession;
export const endOtherSessions = auth.actions.endOtherSessions;
export const disconnect = auth.actions.disconnect;
export const deleteAccount = auth.actions.deleteAccount;
