const key = Symbol.for("guard-app.calls");
const shared = globalThis as { [key]?: Map<string, number> };

/** How often the body of something guarded ran, in this process, whichever bundle it is in. */
export function countCall(name: string): number {
	shared[key] ??= new Map();
	const count = (shared[key].get(name) ?? 0) + 1;
	shared[key].set(name, count);
	return count;
}

export function calls(): Record<string, number> {
	return Object.fromEntries(shared[key] ?? []);
}
