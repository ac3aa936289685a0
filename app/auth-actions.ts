"use server";

import { auth } from "@/auth";

export const signIn = auth.actions.signIn;
export const signUp = auth.actions.signUp;
export const reauthenticate = auth.actions.reauthenticate;
export const changePassword = auth.actions.changePassword;
export const updateProfile = auth.actions.updateProfile;
export const endSession = auth.actions.endSession;
export const endOtherSessions = auth.actions.endOtherSessions;
export const deleteAccount = auth.actions.deleteAccount;
export const requestPasswordReset = auth.actions.requestPasswordReset;
export const resetPassword = auth.actions.resetPassword;
export const requestEmailCode = auth.actions.requestEmailCode;
export const signInByCode = auth.actions.signInByCode;
export const confirmEmail = auth.actions.confirmEmail;
export const requestVerification = auth.actions.requestVerification;
export const changeEmail = auth.actions.changeEmail;
export const cancelEmailChange = auth.actions.cancelEmailChange;
export const undoByLink = auth.actions.undoByLink;
export const keepAccount = auth.actions.keepAccount;
