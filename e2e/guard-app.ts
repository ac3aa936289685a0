import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fingerprint, nextProgram } from "../scripts/lib/build.mjs";
import { root } from "../scripts/lib/main.mjs";
import { findNode } from "../scripts/lib/node.mjs";
import { capture } from "../scripts/lib/run.mjs";
import { type Application, startApplication } from "./application.ts";

export type GuardAppVariant = "cache-components" | "classic";

const folder = join(root, "e2e", "guard-app");

/** Serves the small application in `guard-app`, which has guards of every kind and no proxy.ts. */
export async function startGuardApp(variant: GuardAppVariant, env: Record<string, string>): Promise<Application> {
	const stamp = join(folder, ".next", variant, "built-from");
	const wanted = sources();
	if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== wanted) {
		const { code, output } = await capture(findNode(root), [nextProgram(root), "build"], {
			cwd: folder,
			env: { ...process.env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1", GUARD_APP: variant },
		});
		if (code !== 0) throw new Error(`guard-app (${variant}) could not be built:\n${output}`);
		writeFileSync(stamp, wanted);
	}
	return startApplication({ ...env, GUARD_APP: variant }, folder);
}

function sources(): string {
	const hash = createHash("sha256").update(fingerprint(root));
	for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" }).sort()) {
		if (/^\.next|next-env/.test(name) || !/\.(tsx?|mjs)$/.test(name)) continue;
		hash.update(name).update(readFileSync(join(folder, name)));
	}
	return hash.digest("hex");
}
