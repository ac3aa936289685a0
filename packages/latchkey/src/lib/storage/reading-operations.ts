import type { Storage } from "./storage.ts";

/** Which operations only read. So the port names them: what counts an attempt writes. */
export function onlyReads(name: keyof Storage): boolean {
	return /^(read|find|list|peek|export)/.test(name);
}
