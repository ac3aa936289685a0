/**
 * Runs before every npm script, on whatever Node the machine has (20 or later) and before anything is installed.
 * Promises: afterwards node_modules is what package-lock.json describes and a Node that can run the project is first on
 * the PATH of npm scripts. Says one line when it has to install, and returns at once when there is nothing to do.
 */
if (Number(process.versions.node.split(".")[0]) < 20) {
	console.error(`This project needs Node.js 20 or later to start (this is ${process.version}): https://nodejs.org`);
	process.exit(1);
}

// Imported late, so that an old Node gets the line above instead of a syntax error.
const { main, root } = await import("./lib/main.mjs");
const { ensureInstalled } = await import("./lib/install.mjs");

await main(() => ensureInstalled(root));
