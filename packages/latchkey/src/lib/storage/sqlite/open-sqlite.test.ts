import { storageContract } from "../contract/storage-contract.ts";
import { openContractStore } from "./fixtures/sqlite-contract-store.ts";

storageContract("SQLite", openContractStore);
