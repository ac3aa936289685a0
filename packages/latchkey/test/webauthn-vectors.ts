import { createHash, hkdfSync } from "node:crypto";

/**
 * Test vectors of the specification (W3C, Web Authentication Level 3, section 16): the bytes that it publishes. What it
 * derives from the name of a vector (challenges, credential ids) is derived here too, as its section 16 says.
 */
export interface WebAuthnVector {
	/** What the specification derives everything from. */
	readonly name: string;
	readonly section: string;
	readonly registration: {
		readonly challenge: string;
		readonly clientData: string;
		readonly attestationObject: string;
	};
	readonly authentication: {
		readonly challenge: string;
		readonly clientData: string;
		readonly authenticatorData: string;
		readonly signature: string;
	};
	readonly credentialId: string;
}

/** The site that all of them are for. */
export const vectorOrigin = "https://example.org";

/** Of `https://example.org`, in the authenticator data of all of them. */
const rpIdHash = createHash("sha256").update("example.org").digest("hex");

interface Published {
	section: string;
	/** The salts of the credential id and of the challenge of the authentication: what else is derived varies. */
	salts: readonly [credentialId: number, challenge: number];
	idLength?: number;
	crossOrigin?: boolean;
	topOrigin?: string;
	/** Random text in the client data, of the registration and of the authentication. */
	extra: readonly [string | null, string | null];
	/** Before and after the credential id. */
	attestationObject: (id: string) => string;
	/** What follows the hash of the relying party's id in the authenticator data. */
	flags: string;
	signature: string;
}

export function webAuthnVectors(): readonly WebAuthnVector[] {
	return Object.entries(published).map(([name, vector]) => {
		const id = derive(name, vector.salts[0], vector.idLength ?? 32);
		const [first, second] = [derive(name, 0, 32), derive(name, vector.salts[1], 32)];
		return {
			name,
			section: vector.section,
			credentialId: base64url(id),
			registration: {
				challenge: base64url(first),
				clientData: clientData("webauthn.create", first, vector, vector.extra[0]),
				attestationObject: base64url(vector.attestationObject(id)),
			},
			authentication: {
				challenge: base64url(second),
				clientData: clientData("webauthn.get", second, vector, vector.extra[1]),
				authenticatorData: base64url(rpIdHash + vector.flags),
				signature: base64url(vector.signature),
			},
		};
	});
}

function derive(name: string, salt: number, length: number): string {
	return Buffer.from(hkdfSync("sha256", "WebAuthn test vectors", Buffer.from([salt]), name, length)).toString("hex");
}

function clientData(type: string, challenge: string, vector: Published, extra: string | null): string {
	const { crossOrigin = false, topOrigin } = vector;
	const content = {
		type,
		challenge: base64url(challenge),
		origin: vectorOrigin,
		crossOrigin,
		...(topOrigin && { topOrigin }),
		...(extra && {
			extraData: `clientDataJSON may be extended with additional fields in the future, such as this: ${extra}`,
		}),
	};
	return Buffer.from(JSON.stringify(content)).toString("base64url");
}

function base64url(hex: string): string {
	return Buffer.from(hex, "hex").toString("base64url");
}

/** The modulus of the RSA key: the product of the two smallest Mersenne primes of more than 1024 bits. */
const modulus = ((2n ** 1279n - 1n) * (2n ** 2203n - 1n)).toString(16).padStart(436 * 2, "0");

const published: Readonly<Record<string, Published>> = {
	"none.ES256": {
		section: "16.2",
		salts: [5, 7],
		extra: ["BkQeDjdcTBrXBiAwJTLE5Q", null],
		attestationObject: (id) =>
			`a363666d74646e6f6e656761747453746d74a068617574684461746158a4${rpIdHash}59000000008446ccb9ab1db374750b2367ff6f3a1f0020${id}a5010203262001215820afefa16f97ca9b2d23eb86ccb64098d20db90856062eb249c33a9b672f26df61225820930a56b87a2fca66334b03458abf879717c12cc68ed73290af2e2664796b9220`,
		flags: "1900000000",
		signature:
			"3046022100f50a4e2e4409249c4a853ba361282f09841df4dd4547a13a87780218deffcd380221008480ac0f0b93538174f575bf11a1dd5d78c6e486013f937295ea13653e331e87",
	},
	"packed-self.ES256": {
		section: "16.3",
		salts: [5, 7],
		extra: ["U9hTXvKE2URkMnb_0xYHVg", "gTb53rz6EhSWomXGzimC1Q"],
		attestationObject: (id) =>
			`a363666d74667061636b65646761747453746d74a263616c672663736967584630440220067a20754ab925005dbf378097c92120031581c73228d1fb4f5b881bcd7da98302207fc7b147558c7c0eba3af18bd9d121fa3d3a26d17fe3f220272178f473b6006d68617574684461746158a4${rpIdHash}5d00000000df850e09db6afbdfab51697791506cfc0020${id}a5010203262001215820eb151c8176b225cc651559fecf07af450fd85802046656b34c18f6cf193843c5225820927b8aa427a2be1b8834d233a2d34f61f13bfd44119c325d5896e183fee484f2`,
		flags: "0900000000",
		signature:
			"304402203310b9431903c401f1be2bdc8d23a4007682dbbddcf846994947b7f465daf84002204e94dd00047b316061b3b99772b7efd95994a83ef584b3b6b825ea3550251b66",
	},
	"none.ES256.crossOrigin": {
		section: "16.4",
		salts: [5, 7],
		crossOrigin: true,
		extra: ["zZquEtDR9DWqpW5tBWTFug", "92pcTVD0Aby-q4dtmj6efg"],
		attestationObject: (id) =>
			`a363666d74646e6f6e656761747453746d74a068617574684461746158a4${rpIdHash}4500000000883f4f6014f19c09d87aa38123be48d00020${id}a501020326200121582022200a473f90b11078851550d03b4e44a2279f8c4eca27b3153dedfe03e4e97d225820cbd0be95e746ad6f5a8191be11756e4c0420e72f65b466d39bc56b8b123a9c6e`,
		flags: "0500000000",
		signature:
			"3046022100eb12fcf23b12764c0f122e22371fab92e283879fd798f38ee1841c951b6e40e7022100c76237ff9db77b3c56f30837cda6a09acfa2e915544e609c0733b1184036d1cf",
	},
	"none.ES256.topOrigin": {
		section: "16.5",
		salts: [4, 6],
		crossOrigin: true,
		topOrigin: "https://example.com",
		extra: [null, "UiFoJMVRQHDAFWFi4vxUpQ"],
		attestationObject: (id) =>
			`a363666d74646e6f6e656761747453746d74a068617574684461746158a4${rpIdHash}410000000097586fd09799a76401c200455099ef2a0020${id}a5010203262001215820a1c47c1d82da4ebe82cd72207102b380670701993bc35398ae2e5726427fe01d22582086c1080d82987028c7f54ecb1b01185de243b359294a0ed210cd47480f0adc88`,
		flags: "0500000000",
		signature:
			"3045022100b5a70c81780d5fcc9a4f2ae9caae99058f8accaf58b91fb59329646c28ac6ffc022012e101c165db3c8e9957f0c54dd6ca9b56bc3bd2f280bd2faa6c1d02c6e5c171",
	},
	"none.ES256.long-credential-id": {
		section: "16.6",
		salts: [4, 6],
		idLength: 1023,
		extra: [null, null],
		attestationObject: (id) =>
			`a363666d74646e6f6e656761747453746d74a0686175746844617461590483${rpIdHash}49000000008f3360c2cd1b0ac14ffe0795c5d2638e03ff${id}a50102032620012158203b8176b7504489cc593046d7988abb7905a742de6ac2cdc748a873c663e90cb12258201436d5edc9a75f23999eef9d5950a5c2455514ee1014084720f841a06b828a11`,
		flags: "0d00000000",
		signature:
			"304502203ecef83fb12a0cae7841055f9f87103a99fd14b424194bbf06c4623d3ee6e3fd022100d2ace346db262b1374a6b70faa51f518a42ddca13a4125ce6f5052a75bac9fb6",
	},
	"packed.ES256": {
		section: "16.7",
		salts: [5, 9],
		extra: ["9a8bNYjKCgWrBXU-fCl1ag", "AZMwyMxIbD8-uguFNp6r8Q"],
		attestationObject: (id) =>
			`a363666d74667061636b65646761747453746d74a363616c6726637369675847304502203f19ec4b229f46ab8c45eff29b904ff10c0390dc40bf1216f04a78f4ceba3425022100fe7041a32759aff05a0f9f26c70a999c7a284451ba89234a1d3483c25e21925b637835638159022530820221308201c8a00302010202110088c220f83c8ef1feafe94deae45faad0300a06082a8648ce3d0403023062311e301c06035504030c15576562417574686e207465737420766563746f7273310c300a060355040a0c0357334331253023060355040b0c1c41757468656e74696361746f72204174746573746174696f6e204341310b30090603550406130241413020170d3234303130313030303030305a180f33303234303130313030303030305a305f311e301c06035504030c15576562417574686e207465737420766563746f7273310c300a060355040a0c0357334331223020060355040b0c1941757468656e74696361746f72204174746573746174696f6e310b30090603550406130241413059301306072a8648ce3d020106082a8648ce3d03010703420004a91ba4389409dd38a428141940ca8feb1ac0d7b4350558104a3777a49322f3798440f378b3398ab2d3bb7bf91322c92eb23556f59ad0a836fec4c7663b0e4dc3a360305e300c0603551d130101ff04023000300e0603551d0f0101ff040403020780301d0603551d0e04160414a589ba72d060842ab11f74fb246bdedab16f9b9b301f0603551d2304183016801445aff715b0dd786741fee996ebc16547a3931b1e300a06082a8648ce3d040302034700304402201726b9d85ecd8a5ed51163722ca3a20886fd9b242a0aa0453d442116075defd502207ef471e530ac87961a88a7f0d0c17b091ffc6b9238d30f79f635b417be5910e768617574684461746158a4${rpIdHash}4d00000000876ca4f52071c3e9b25509ef2cdf7ed60020${id}a50102032620012158201cf27f25da591208a4239c2e324f104f585525479a29edeedd830f48e77aeae522582059e4b7da6c0106e206ce390c93ab98a15a5ec3887e57f0cc2bece803b920c423`,
		flags: "0d00000000",
		signature:
			"30450220694969d3ee928de6f02ef23a9c644d7d779916451734a94b432542f498a1ebe90221008b0819c824218a97152cd099c55bfb1477b29d900a49a64018314f9bfccda163",
	},
	"packed.RS256": {
		section: "16.10",
		salts: [3, 7],
		extra: [null, null],
		attestationObject: (id) =>
			`a363666d74667061636b65646761747453746d74a363616c672663736967584730450221008b8c5c6ea8c142c032e0be69e1353d44461c5c9109941cdda951b976eb95b6b302204d52f406c19e254b3ff9589bd18070fb055ac8db12fdd0a6734bea9d7168e900637835638159022630820222308201c7a00302010202101f6fb7a5ece81b45896b983a995da5f3300a06082a8648ce3d0403023062311e301c06035504030c15576562417574686e207465737420766563746f7273310c300a060355040a0c0357334331253023060355040b0c1c41757468656e74696361746f72204174746573746174696f6e204341310b30090603550406130241413020170d3234303130313030303030305a180f33303234303130313030303030305a305f311e301c06035504030c15576562417574686e207465737420766563746f7273310c300a060355040a0c0357334331223020060355040b0c1941757468656e74696361746f72204174746573746174696f6e310b30090603550406130241413059301306072a8648ce3d020106082a8648ce3d03010703420004b7b36b7542a11120b443c794d0c99fdc25a06b76586413d81e086163ef6fe147a557afc34e2861d9057d6d465d4705a0310550bdeeb5f35ee35b9425ab859981a360305e300c0603551d130101ff04023000300e0603551d0f0101ff040403020780301d0603551d0e04160414fb37b647bccfb9e54d989eaaacc1633868703fb3301f0603551d2304183016801445aff715b0dd786741fee996ebc16547a3931b1e300a06082a8648ce3d0403020349003046022100b86bc129d92afca7d9869a39f70f139a305b4073a39eb654d81424bed5757d91022100cf9f7c60cab7c4a7d3e7f0020f281a93d4fd0a9f95121b989f56932a68885fba68617574684461746159021b${rpIdHash}5d00000000428f8878298b9862a36ad8c7527bfef20020${id}a4010303390100205901b4${modulus}2143010001`,
		flags: "1900000000",
		signature:
			"01063d52d7c39b4d432fc7063c5d93e582bdcb16889cd71f888d67d880ea730a428498d3bc8e1ee11f2b1ecbe6c292b118c55ffaaddefa8cad0a54dd137c51f1eec673f1bb6c4d1789d6826a222b22d0f585fc901fdc933212e579d199b89d672aa44891333e6a1355536025e82b25590256c3538229b55737083b2f6b9377e49e2472f11952f79fdd0da180b5ffd901b4049a8f081bb40711bef76c62aed943571f2d0575304cb549d68d8892f95086a30f93716aee818f8dc06e96c0d5e0ed4cfa9fd8773d90464b68cf140f7986666ff9c9e3302acd0535d60d769f465e2ab57ef8aabc89fccfef7ba32a64154a8b3d26be2298f470b8cc5377dbe3dfd4b0b45f8f01e63bde6cfc76b62771f9b70aa27cf40152cad93aa5acd784fd4b90f676e2ea828d0bf2400aebbaae4153e5838f537f88b6228346782a93a899be66ec77de45b3efcf311da6321c92e6b0cd11bfe653bf3e98cee8e341f02d67dbb6f9c98d9e8178090cfb5b70fbc6d541599ac794ae2f1d4de1286ec8de8c2daf7b1d15c8438e90d924df5c19045220a4c8438c1b979bbe016cf3d0eeec23c3999d4882cc645b776de930756612cdc6dd398160ff02a6",
	},
};
