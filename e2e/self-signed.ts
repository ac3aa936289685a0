import { generateKeyPairSync, sign } from "node:crypto";

/** A certificate for these hosts that nobody else vouches for, good today (RFC 5280), and its key. */
export function selfSigned(hosts: readonly string[]): { cert: string; key: string } {
	const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
	const ecdsaWithSha256 = sequence(objectId("2a8648ce3d040302"));
	const name = sequence(element(0x31, sequence(objectId("550403"), element(0x0c, Buffer.from("test")))));
	const names = sequence(...hosts.map((host) => element(0x82, Buffer.from(host))));
	const content = sequence(
		element(0xa0, element(0x02, Buffer.of(2))),
		element(0x02, Buffer.of(1)),
		ecdsaWithSha256,
		name,
		sequence(day(-1), day(1)),
		name,
		publicKey.export({ type: "spki", format: "der" }),
		element(0xa3, sequence(sequence(objectId("551d11"), element(0x04, names)))),
	);
	const signature = Buffer.concat([Buffer.of(0), sign("sha256", content, privateKey)]);
	const der = sequence(content, ecdsaWithSha256, element(0x03, signature));
	const lines = der.toString("base64").replaceAll(/.{64}/g, "$&\n");
	return {
		cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
		key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
	};
}

function sequence(...parts: readonly Buffer[]): Buffer {
	return element(0x30, Buffer.concat(parts));
}

function objectId(hex: string): Buffer {
	return element(0x06, Buffer.from(hex, "hex"));
}

/** UTCTime, so many days from now. */
function day(offset: number): Buffer {
	const at = new Date(Date.now() + offset * 86_400_000).toISOString();
	return element(0x17, Buffer.from(`${at.replaceAll(/\D/g, "").slice(2, 14)}Z`));
}

/** A value in DER: its tag, its length, itself. */
function element(tag: number, content: Buffer): Buffer {
	const { length } = content;
	const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
	return Buffer.concat([Buffer.of(tag, ...size), content]);
}
