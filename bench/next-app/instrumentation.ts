// Next.js compiles this file for the Edge runtime too, where neither SQLite nor Argon2 exists: the branch keeps them out.
export async function register() {
	if (process.env.NEXT_RUNTIME === "nodejs") await (await import("./auth")).auth.start();
}
