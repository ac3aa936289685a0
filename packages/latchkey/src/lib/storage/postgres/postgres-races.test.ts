import { storageRaces } from "../contract/storage-races.ts";
import {
	dropSchema,
	freshName,
	inSchema,
	openContractStore,
	sharedServer,
} from "./fixtures/postgres-contract-store.ts";

storageRaces("PostgreSQL", {
	opener: new URL("./fixtures/open-for-race.ts", import.meta.url).href,
	open: () => openContractStore({}),
	prepare: async () => {
		const schema = freshName();
		return { target: inSchema(await sharedServer(), schema), cleanup: () => dropSchema(schema) };
	},
});
