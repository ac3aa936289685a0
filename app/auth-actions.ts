"use server";

import { auth } from "@/auth";

export const signIn = auth.actions.signIn;
export const signUp = auth.actions.signUp;
export const reauthenticate = auth.actions.reauthenticate;
export const changePassword = auth.actions.changePassword;
export const updateProfile = auth.actions.updateProfile;
export const endSession = auth.actions.endSession;
export const endOtherSessions = auth.actions.endOtherSessions;
export const finishSignIn = auth.actions.finishSignIn;
export const dropSignIn = auth.actions.dropSignIn;
export const addTotp = auth.actions.addTotp;
export const removeTotp = auth.actions.removeTotp;
export const renewRecoveryCodes = auth.actions.renewRecoveryCodes;
export const switchSecondStep = auth.actions.switchSecondStep;
export const addPasskey = auth.actions.addPasskey;
export const renamePasskey = auth.actions.renamePasskey;
export const removePasskey = auth.actions.removePasskey;
export const signUpWithPasskey = auth.actions.signUpWithPasskey;
export const deleteAccount = auth.actions.deleteAccount;
