import { storageRaces } from "../contract/storage-races.ts";
import { freshName, inSchema, openContractStore, sharedServer } from "./fixtures/postgres-contract-store.ts";

storageRaces("PostgreSQL", {
	opener: new URL("./fixtures/open-for-race.ts", import.meta.url).href,
	open: () => openContractStore({}),
	prepare: async () => ({ target: inSchema(await sharedServer(), freshName()), cleanup: async () => {} }),
});
