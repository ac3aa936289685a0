import { hash } from "node:crypto";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect } from "vitest";
import { Background } from "../../src/lib/background.ts";
import { deriveKeyRing } from "../../src/lib/crypto/keys.ts";
import type { Engine } from "../../src/lib/engine.ts";
import { handleRequest } from "../../src/lib/http/handle-request.ts";
import { Router } from "../../src/lib/http/router.ts";
import type { Visitor } from "../../src/lib/http/visitor.ts";
import { closeEngine, openEngine } from "../../src/lib/open-engine.ts";
import { type ResolvedOptions, resolveOptions } from "../../src/lib/options.ts";
import { HashPool } from "../../src/lib/passwords/hash-pool.ts";
import { password } from "../../src/lib/passwords/password.ts";
import { PasswordHasher } from "../../src/lib/passwords/password-hasher.ts";
import { passwordRoutes } from "../../src/lib/passwords/password-routes.ts";
import { ActivityLog } from "../../src/lib/sessions/activity.ts";
import { type ResolvedSession, resolveSession } from "../../src/lib/sessions/resolve-session.ts";
import { sessionResource, sessionRoutes } from "../../src/lib/sessions/session-routes.ts";
import type { SessionClaims } from "../../src/lib/sessions/session-token.ts";
import { createTestClock } from "../../src/lib/testing/test-clock.ts";
import { testSecret } from "../harness.ts";

const methods = [password()];

/** A row as another connection sees it, with its user's epoch. */
export interface Row {
	readonly id: string;
	readonly user_id: string;
	readonly epoch: number;
	readonly user_epoch: number;
	readonly generation: number;
	readonly generation_seen: number;
	readonly renewed_at: number;
	readonly seen_at: number | null;
	readonly created_at: number;
	readonly last_seen_at: number;
	readonly idle_expires_at: number;
	readonly expires_at: number;
	readonly ended_at: number | null;
	readonly auth_time: number;
	readonly amr: string;
	readonly level: string;
}

export interface Ask {
	readonly method?: string;
	/** Below `/api/auth`. */
	readonly path?: string;
	/** What the cookie jar holds. */
	readonly token: string | null;
	readonly body?: object;
}

export interface Answer {
	readonly status: number;
	/** The session cookie it sets: a token, `""` to clear, `null` for none. */
	readonly cookie: string | null;
	readonly body: unknown;
}

/** The real engine on a real file with a clock that moves, and a second connection that looks at its rows. */
export class Server {
	readonly clock = createTestClock();
	readonly folder = mkdtempSync(join(tmpdir(), "latchkey-model-"));
	readonly #file = join(this.folder, "auth.db");
	readonly #options: ResolvedOptions;
	readonly #router = new Router([...sessionResource(methods), ...sessionRoutes, ...passwordRoutes]);
	#database!: DatabaseSync;
	engine!: Engine;

	constructor() {
		this.#options = resolveOptions({
			methods,
			url: "http://localhost:3000",
			secret: testSecret,
			database: `file:${this.#file}`,
			clock: this.clock,
			logger: () => {},
		});
	}

	async open(): Promise<void> {
		const engine = await openEngine(this.#options, methods);
		// The least that Argon2 allows: what a password costs is not what is tried here.
		const cheap = { memoryKib: 8, passes: 1, lanes: 1 };
		const hasher = new PasswordHasher(new HashPool(), deriveKeyRing(engine.settings.peppers, "password"), cheap);
		this.engine = { ...engine, hasher };
		this.#database = new DatabaseSync(this.#file, { readOnly: true });
	}

	async close(): Promise<void> {
		this.#database.close();
		await closeEngine(this.engine);
	}

	/** Dies without writing what was pending, and comes back. */
	async crash(): Promise<void> {
		this.#database.close();
		process.off("exit", this.engine.activity.onExit);
		await this.engine.storage.close();
		await this.open();
	}

	/** Stops and comes back. */
	async restart(): Promise<void> {
		await this.close();
		await this.open();
	}

	/** Keeps a copy of the database. */
	async backUp(): Promise<void> {
		await this.close();
		copyFileSync(this.#file, join(this.folder, "backup.db"));
		await this.open();
	}

	/** Puts the copy in the database's place. */
	async restore(): Promise<void> {
		await this.close();
		for (const suffix of ["-wal", "-shm"]) rmSync(this.#file + suffix, { force: true });
		copyFileSync(join(this.folder, "backup.db"), this.#file);
		await this.open();
	}

	/** An operator ends all sessions of a user by hand. */
	moveEpoch(userId: string): void {
		const database = new DatabaseSync(this.#file);
		database.prepare("update latchkey_user set epoch = epoch + 1 where id = ?").run(userId);
		database.close();
	}

	/** The sessions of a user, by id. */
	rows(userId: string): Map<string, Row> {
		const rows = this.#select("s.user_id = ?", userId);
		return new Map(rows.map((row) => [row.id, row]));
	}

	rowOf({ sid }: SessionClaims): Row | null {
		return this.#select("s.secret_hash = ?", hash("sha256", sid, "buffer"))[0] ?? null;
	}

	eventsOf(type: string, sessionId: string): number {
		const sql = "select count(*) as n from latchkey_audit_event where type = ? and session_id = ?";
		return (this.#database.prepare(sql).get(type, sessionId) as { n: number }).n;
	}

	#select(where: string, value: string | Buffer): Row[] {
		const sql = `select s.*, u.epoch as user_epoch from latchkey_session s join latchkey_user u on u.id = s.user_id
			where ${where}`;
		return this.#database.prepare(sql).all(value) as unknown as Row[];
	}

	/** The engine, losing what it would write after an answer. */
	losing(what: "sight" | "use" | null): Engine {
		const { engine } = this;
		if (what === "sight") return { ...engine, background: new LosingBackground(engine.log) };
		if (what === "use") return { ...engine, activity: new LosingActivity(engine.storage, engine.log) };
		return engine;
	}

	/** One HTTP request, through the router. */
	async send({ method = "GET", path = "", token, body }: Ask, engine: Engine = this.engine): Promise<Answer> {
		const headers = new Headers({ "sec-fetch-site": "same-origin" });
		if (token !== null) headers.set("cookie", `session=${token}`);
		if (body !== undefined) headers.set("content-type", "application/json");
		const url = `http://localhost:3000/api/auth${path}`;
		const request = new Request(url, { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) });
		const response = await handleRequest(engine, this.#router, request);
		const [cookie] = response.headers.getSetCookie();
		return {
			status: response.status,
			cookie: cookie === undefined ? null : cookieValue(cookie),
			body: await response.json(),
		};
	}

	/** Somebody opens a page, or a server action asks who called it. */
	resolve(token: string | null, arrivedAgoMs: number, engine: Engine = this.engine): Promise<ResolvedSession | null> {
		const visitor: Visitor = {
			headers: new Headers(token === null ? {} : { cookie: `session=${token}` }),
			address: null,
			userAgent: null,
			arrivedAgoMs,
			kind: "document",
			url: "/",
		};
		return resolveSession(engine, visitor);
	}
}

function cookieValue(setCookie: string): string {
	expect(setCookie.length).toBeLessThan(1400);
	return /^session=([^;]*);/.exec(setCookie)![1]!;
}

/** An engine that dies between the answer and the record of the sight. */
class LosingBackground extends Background {
	override run(): void {}
}

/** An engine that dies before it has written who was there. */
class LosingActivity extends ActivityLog {
	override note(): void {}
}

/** What a token says, read without the code that is tested. */
export function claimsOf(token: string): SessionClaims {
	return JSON.parse(Buffer.from(token.split(".")[1]!, "base64url").toString()) as SessionClaims;
}
