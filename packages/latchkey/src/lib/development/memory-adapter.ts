import type { Adapter, AdapterFactory, AdapterPayload } from "oidc-provider";

interface Kept {
	payload: AdapterPayload;
	expiresAt: number;
}

/** Where the example provider keeps what it knows: in memory, until the process ends. */
export function memoryAdapter(): AdapterFactory {
	const kept = new Map<string, Kept>();
	return (model) => new MemoryAdapter(model, kept);
}

class MemoryAdapter implements Adapter {
	readonly #model: string;
	readonly #kept: Map<string, Kept>;

	constructor(model: string, kept: Map<string, Kept>) {
		this.#model = model;
		this.#kept = kept;
	}

	async upsert(id: string, payload: AdapterPayload, expiresIn: number): Promise<void> {
		this.#kept.set(`${this.#model}:${id}`, { payload, expiresAt: Date.now() + (expiresIn || 86_400) * 1000 });
	}

	async find(id: string): Promise<AdapterPayload | undefined> {
		const found = this.#kept.get(`${this.#model}:${id}`);
		return found !== undefined && found.expiresAt > Date.now() ? found.payload : undefined;
	}

	async findByUid(uid: string): Promise<AdapterPayload | undefined> {
		return this.#findBy(({ payload }) => payload.uid === uid);
	}

	async findByUserCode(userCode: string): Promise<AdapterPayload | undefined> {
		return this.#findBy(({ payload }) => payload.userCode === userCode);
	}

	async consume(id: string): Promise<void> {
		const found = await this.find(id);
		if (found !== undefined) found.consumed = Math.floor(Date.now() / 1000);
	}

	async destroy(id: string): Promise<void> {
		this.#kept.delete(`${this.#model}:${id}`);
	}

	async revokeByGrantId(grantId: string): Promise<void> {
		for (const [key, { payload }] of this.#kept) if (payload.grantId === grantId) this.#kept.delete(key);
	}

	#findBy(isMeant: (kept: Kept) => boolean): AdapterPayload | undefined {
		for (const [key, found] of this.#kept) {
			if (key.startsWith(`${this.#model}:`) && found.expiresAt > Date.now() && isMeant(found)) return found.payload;
		}
		return undefined;
	}
}
