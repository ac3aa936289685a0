import { createPrivateKey, type webcrypto } from "node:crypto";
import { misconfigured } from "../errors.ts";

/** A client's own key, as WebCrypto has it: RSA for RS256, P-256 for ES256, Ed25519. */
export function signingKey(pem: string): CryptoKey {
	// Node's own type of the same object has usages that the DOM's does not know yet.
	return webCryptoKey(pem) as CryptoKey;
}

function webCryptoKey(pem: string): webcrypto.CryptoKey {
	const key = createPrivateKey(pem.replaceAll("\\n", "\n"));
	const type = key.asymmetricKeyType;
	if (type === "rsa") return key.toCryptoKey({ name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, false, ["sign"]);
	if (type === "ec") return key.toCryptoKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
	if (type === "ed25519") return key.toCryptoKey("Ed25519", false, ["sign"]);
	throw misconfigured("The private key of a provider must be RSA, P-256 or Ed25519");
}
