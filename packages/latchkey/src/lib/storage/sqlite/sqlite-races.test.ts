import { join } from "node:path";
import { storageRaces } from "../contract/storage-races.ts";
import { openContractStore, temporaryFolder } from "./fixtures/sqlite-contract-store.ts";

storageRaces("SQLite", {
	opener: new URL("./fixtures/open-for-race.ts", import.meta.url).href,
	open: () => openContractStore({ clock: Date.now }),
	prepare: async () => {
		const { folder, remove } = temporaryFolder();
		return { target: join(folder, "new folder", "latchkey.db"), cleanup: async () => remove() };
	},
});
