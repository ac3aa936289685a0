import { storageContract } from "../contract/storage-contract.ts";
import { openContractStore } from "./fixtures/postgres-contract-store.ts";

storageContract("PostgreSQL", openContractStore);
