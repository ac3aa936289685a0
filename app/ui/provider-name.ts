import type { Messages } from "@/messages/en";

/** As people know it; in its own letters and direction, whatever stands around it. */
export function providerName({ id, name }: { id: string | null; name: string }, words: Messages["providers"]): string {
	return id === "example" ? words.example : `\u2068${name}\u2069`;
}
