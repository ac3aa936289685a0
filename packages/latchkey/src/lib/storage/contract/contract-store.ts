import { afterEach, beforeEach } from "vitest";
import type { Storage } from "../storage.ts";
import type { MovableClock } from "./fixtures.ts";

/** How an adapter hands an empty database of its own to each test of the contract. */
export type OpenContractStore = (options: { clock: () => number }) => Promise<ContractStore>;

export interface ContractStore {
	storage: Storage;
	/** The same database through new connections, after `storage` was closed. */
	reopen(): Promise<Storage>;
	/** How many rows each table holds, read past the port: a failed operation must leave them as they were. */
	countRows(): Promise<Readonly<Record<string, number>>>;
	/** Executes plain SQL past the port, as an operator would. */
	execute(sql: string): Promise<void>;
	/** Closes what is open and removes the database. */
	cleanup(): Promise<void>;
}

/** The store of the running test. The clock stands still until the test moves it. */
export interface ContractContext {
	readonly storage: Storage;
	readonly store: ContractStore;
	readonly clock: MovableClock;
}

/** Opens a store before each test of the surrounding `describe` and removes it after. */
export function useContractStore(open: OpenContractStore): ContractContext {
	let store: ContractStore | undefined;
	const clock: MovableClock = { now: 0 };
	const current = (): ContractStore => {
		if (!store) throw new Error("No test is running");
		return store;
	};
	beforeEach(async () => {
		clock.now = Date.UTC(2030, 0, 1);
		store = await open({ clock: () => clock.now });
	});
	afterEach(async () => {
		await store?.cleanup();
		store = undefined;
	});
	return {
		clock,
		get store() {
			return current();
		},
		get storage() {
			return current().storage;
		},
	};
}
