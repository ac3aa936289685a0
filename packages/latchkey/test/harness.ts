import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";
import { type Auth, createEngine } from "../src/lib/auth.ts";
import type { Engine } from "../src/lib/engine.ts";
import { stampOf } from "../src/lib/http/arrival.ts";
import type { LogEntry } from "../src/lib/log.ts";
import type { AuthOptions } from "../src/lib/options.ts";
import { password } from "../src/lib/passwords/password.ts";
import { TestBrowser, type TestBrowserOptions } from "../src/lib/testing/test-browser.ts";
import { createTestClock, type TestClock } from "../src/lib/testing/test-clock.ts";
import { checkAgainstContract, contractChecked } from "./openapi-check.ts";

export const testSecret = "a-secret-for-tests-only-0123456789-abcdefghij";

export const ada = { email: "ada@example.com", password: "correct horse battery", name: "Ada Lovelace" };

export interface TestAuth extends Auth {
	engine(): Promise<Engine>;
	readonly clock: TestClock;
	/** What the operator would have seen. */
	readonly logged: LogEntry[];
	/** The database's file. */
	readonly file: string;
	/** A browser of its own; every answer it gets is held against the OpenAPI document. */
	browser(options?: TestBrowserOptions): TestBrowser;
	/** Everything that runs after an answer has run. */
	settled(): Promise<void>;
}

const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
	const checked = contractChecked();
	await checked.catch(() => {});
	for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
	await checked;
});

/** An engine on a database of its own, gone after the test. */
export function openTestAuth(options: Partial<AuthOptions> = {}): TestAuth {
	const folder = makeFolder();
	cleanups.push(async () => rmSync(folder, { recursive: true, force: true }));
	return createTestAuth(join(folder, "auth.db"), createTestClock(), options);
}

/** In memory where the system has a file system of it: a disk that confirms every write takes most of a run's time. */
function makeFolder(): string {
	try {
		return mkdtempSync("/dev/shm/latchkey-test-");
	} catch {
		return mkdtempSync(join(tmpdir(), "latchkey-test-"));
	}
}

/** Another engine on the same database and clock, as another process or a later start has it. */
export function openBeside({ file, clock }: TestAuth, options: Partial<AuthOptions> = {}): TestAuth {
	return createTestAuth(file, clock, options);
}

function createTestAuth(file: string, clock: TestClock, options: Partial<AuthOptions>): TestAuth {
	const logged: LogEntry[] = [];
	const auth = createEngine({
		methods: [password()],
		emailVerification: "off",
		url: "http://localhost:3000",
		secret: testSecret,
		database: `file:${file}`,
		clock,
		logger: (entry) => logged.push(entry),
		...options,
	});
	cleanups.push(() => auth.close().catch(() => {}));
	return Object.assign(auth, {
		clock,
		logged,
		file,
		browser: (browserOptions: TestBrowserOptions = {}) =>
			new TestBrowser(auth, {
				onAnswer: (request, answer) => checkAgainstContract(auth, request, answer),
				...browserOptions,
			}),
		settled: async () => (await auth.engine()).background.settled(),
	});
}

/** Ada, registered and signed in. */
export async function signedUp(auth: TestAuth, person: Record<string, unknown> = ada): Promise<TestBrowser> {
	const browser = auth.browser();
	const answer = await browser.post("/api/auth/sign-up", person);
	if (answer.status !== 201) throw new Error(`sign-up answered ${answer.status} ${JSON.stringify(answer.body)}`);
	return browser;
}

/** Whether the answers to this browser say so. */
export async function isSignedIn(browser: TestBrowser): Promise<boolean> {
	return (await browser.get("/api/auth")).body.authenticated;
}

/** Where a request comes from, as the arrival stamp would have noted it. Needs `installArrivalStamp()`. */
export function from(address: string): Record<string, string> {
	return stampOf({ kind: "fetch", peer: address, agoMs: 0, url: null });
}
