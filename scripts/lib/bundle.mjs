/** What an application's server loads, as one file: whatever is imported at first use stays outside. */
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { root } from "./main.mjs";

const source = join(root, "packages", "latchkey", "src");

/** The code of an application with nothing but passwords, and what it loads later. */
export const parts = {
	next: `import { createAuth, password } from "${source}/next.ts"; export const auth = createAuth({ methods: [password()] });`,
	engine: `import { createAuth, password } from "${source}/index.ts"; export const auth = createAuth({ methods: [password()] });`,
	store: late("storage/sqlite/open-sqlite.ts"),
	/** Sign-up, sign-in, sign-out, refreshing, devices, a changed password and a recent proof. */
	flows: [
		late("sessions/session-routes.ts"),
		late("passwords/password-routes.ts"),
		late("sign-in/reauthentication-routes.ts"),
	].join("\n"),
};

/** Bundles and minifies `code`. Answers the file, its size compressed, and the modules that are in it with their bytes. */
export async function bundle(code) {
	const { metafile, outputFiles } = await build({
		stdin: { contents: code, resolveDir: root, loader: "ts" },
		bundle: true,
		minify: true,
		format: "esm",
		platform: "node",
		target: "node22",
		external: ["next", "next/*", "react", "pg", "nodemailer", "@node-rs/argon2"],
		plugins: [{ name: "first use", setup: leaveOut }],
		metafile: true,
		write: false,
		absWorkingDir: root,
	});
	const [{ contents, text }] = outputFiles;
	const [{ inputs }] = Object.values(metafile.outputs);
	const modules = Object.entries(inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
	return {
		text,
		gzipKb: compressed(contents),
		modules: new Map(modules.map(([path, { bytesInOutput }]) => [path, bytesInOutput])),
	};
}

/** All of the client entry. React and Next.js are in the page anyway. */
export async function bundleForPage() {
	const { outputFiles } = await build({
		entryPoints: [join(source, "react.tsx")],
		bundle: true,
		minify: true,
		format: "esm",
		platform: "browser",
		jsx: "automatic",
		external: ["next/*", "react", "react/*"],
		write: false,
		absWorkingDir: root,
	});
	return { gzipKb: compressed(outputFiles[0].contents) };
}

function leaveOut({ onResolve }) {
	onResolve({ filter: /./ }, ({ kind, path }) => (kind === "dynamic-import" ? { path, external: true } : undefined));
}

function late(path) {
	return `export * from "${source}/lib/${path}";`;
}

function compressed(contents) {
	return gzipSync(contents, { level: 9 }).length / 1000;
}
