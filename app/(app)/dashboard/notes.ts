const maxNotes = 1000;

// Next.js loads this module more than once; they all share this.
const shared = globalThis as { [notesKey]?: Map<string, string> };
const notesKey = Symbol.for("latchkey-app.notes");
shared[notesKey] ??= new Map();
const notes = shared[notesKey];

/** What somebody noted, or "". An example's store: your project has its own database. */
export function readNote(userId: string): string {
	return notes.get(userId) ?? "";
}

export function keepNote(userId: string, text: string): void {
	notes.delete(userId);
	if (text === "") return;
	notes.set(userId, text);
	// The oldest goes, so that nobody fills the memory.
	if (notes.size > maxNotes) notes.delete(notes.keys().next().value!);
}
