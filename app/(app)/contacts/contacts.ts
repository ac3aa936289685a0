import * as z from "zod";
import { auth } from "@/auth";

export interface Contact {
	readonly name: string;
	readonly email: string | null;
}

const answerSchema = z.object({ contacts: z.array(z.object({ name: z.string(), email: z.string().nullable() })) });

/** Whom the visitor knows at the example provider, asked from the server with their token there. */
export async function readContacts(): Promise<readonly Contact[] | "reconnect" | "unavailable"> {
	try {
		const token = await auth.providerToken("example");
		if (!token.ok) return token.code === "reconnect_required" ? "reconnect" : "unavailable";
		const response = await fetch(new URL("/contacts", token.issuer), {
			headers: { authorization: `Bearer ${token.accessToken}` },
			cache: "no-store",
			redirect: "error",
			signal: AbortSignal.timeout(5000),
		});
		// The token may have been taken back before its time.
		if (response.status === 401) return "reconnect";
		return response.ok ? answerSchema.parse(await response.json()).contacts : "unavailable";
	} catch (error) {
		console.error("contacts cannot be read:", error instanceof Error ? error.name : "unknown");
		return "unavailable";
	}
}
