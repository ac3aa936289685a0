import { describe } from "vitest";
import { auditContract } from "./audit-contract.ts";
import { type OpenContractStore, useContractStore } from "./contract-store.ts";
import { credentialsContract } from "./credentials-contract.ts";
import { deletionContract } from "./deletion-contract.ts";
import { emailContract } from "./email-contract.ts";
import { factorsContract } from "./factors-contract.ts";
import { firstPasswordContract } from "./first-password-contract.ts";
import { mailContract } from "./mail-contract.ts";
import { oauthContract } from "./oauth-contract.ts";
import { passkeysContract } from "./passkeys-contract.ts";
import { renewalContract } from "./renewal-contract.ts";
import { sessionEndsContract } from "./session-ends-contract.ts";
import { sessionsContract } from "./sessions-contract.ts";
import { throttleContract } from "./throttle-contract.ts";
import { tokensContract } from "./tokens-contract.ts";
import { trustedDevicesContract } from "./trusted-devices-contract.ts";
import { upkeepContract } from "./upkeep-contract.ts";
import { usersContract } from "./users-contract.ts";

/** What every adapter promises: the docstrings of the port as tests. */
export function storageContract(name: string, open: OpenContractStore): void {
	describe(`${name}: sessions`, () => sessionsContract(useContractStore(open)));
	describe(`${name}: sessions ending`, () => sessionEndsContract(useContractStore(open)));
	describe(`${name}: renewal`, () => renewalContract(useContractStore(open)));
	describe(`${name}: users`, () => usersContract(useContractStore(open)));
	describe(`${name}: credentials`, () => credentialsContract(useContractStore(open)));
	describe(`${name}: deletion and export`, () => deletionContract(useContractStore(open)));
	describe(`${name}: throttle`, () => throttleContract(useContractStore(open)));
	describe(`${name}: one-time tokens`, () => tokensContract(useContractStore(open)));
	describe(`${name}: audit log`, () => auditContract(useContractStore(open)));
	describe(`${name}: outside providers`, () => oauthContract(useContractStore(open)));
	describe(`${name}: second factors`, () => factorsContract(useContractStore(open)));
	describe(`${name}: passkeys`, () => passkeysContract(useContractStore(open)));
	describe(`${name}: trusted devices`, () => trustedDevicesContract(useContractStore(open)));
	describe(`${name}: first password`, () => firstPasswordContract(useContractStore(open)));
	describe(`${name}: outbox`, () => mailContract(useContractStore(open)));
	describe(`${name}: proven addresses`, () => emailContract(useContractStore(open)));
	describe(`${name}: upkeep`, () => upkeepContract(useContractStore(open)));
}
