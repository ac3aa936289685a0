import { AuthError, type Session } from "latchkey/next";

/** For what is drawn whether or not the store can be reached: nobody, then. Never to guard anything with. */
export async function sessionIfKnown(asking: Promise<Session | null>): Promise<Session | null> {
	try {
		return await asking;
	} catch (error) {
		if (error instanceof AuthError && error.code === "store_unavailable") return null;
		throw error;
	}
}
