import { BlockList, isIPv4, isIPv6 } from "node:net";

/** What is known of where a request came from. */
export interface Connection {
	/** The address at the other end of the socket, or `null` when nobody told. */
	peer: string | null;
	/** The raw `X-Forwarded-For` header. */
	forwardedFor: string | null;
	/** How many proxies of ours stand in a row before this server; the peer is the first of them. */
	trustedProxies: number;
}

/**
 * The address that limits may count against, in one spelling, or `null` when it is unknown. Limits by address must be
 * off then: one bucket shared by everybody would let one visitor lock all the others out.
 *
 * Each proxy appends whom it saw to `X-Forwarded-For`, so behind N proxies of ours the Nth entry from the right is the
 * client, and everything left of it is the client's own invention. Never returns anything but a valid address.
 */
export function clientAddress({ peer, forwardedFor, trustedProxies }: Connection): string | null {
	const peerAddress = parseAddress(peer);
	const entries = forwardedEntries(forwardedFor, peerAddress);
	const address = trustedProxies === 0 ? directPeer(peerAddress, entries) : parseAddress(entries.at(-trustedProxies));
	return address === null || isIn(thisMachine, address) ? null : address;
}

/**
 * What a limit counts by: the IPv4 address itself, or the /64 of an IPv6 address, since one customer has at least a /64
 * and can use another address of it for every request.
 *
 * @throws TypeError when `address` is not an IP address.
 */
export function addressBucket(address: string): string {
	const parsed = parseAddress(address);
	if (parsed === null) throw new TypeError("addressBucket() wants an IP address");
	return isIPv4(parsed) ? parsed : network64(parsed);
}

function forwardedEntries(header: string | null, peer: string | null): string[] {
	if (header === null) return [];
	// Next.js fills an absent X-Forwarded-For with the peer's own address before any handler can look.
	return peer !== null && parseAddress(header) === peer ? [] : header.split(",");
}

/** Where no proxy is declared the peer is the client, unless it looks like a proxy that somebody forgot to declare. */
function directPeer(peer: string | null, forwarded: readonly string[]): string | null {
	return peer !== null && forwarded.length > 0 && isIn(privateNetworks, peer) ? null : peer;
}

/** Canonical text of an address that may have a port, brackets or a zone id; `null` for everything else. */
function parseAddress(text: string | null | undefined): string | null {
	const trimmed = text?.trim() ?? "";
	const bracketed = /^\[([^[\]]*)\](?::\d{1,5})?$/.exec(trimmed)?.[1];
	if (bracketed !== undefined) return isIPv6(bracketed) ? canonicalIpv6(bracketed) : null;
	if (isIPv6(trimmed)) return canonicalIpv6(trimmed);
	const withoutPort = trimmed.replace(/:\d{1,5}$/, "");
	return isIPv4(withoutPort) ? withoutPort : null;
}

/** Lower case and compressed as in RFC 5952; an IPv4 address that is only dressed as IPv6 comes back as IPv4. */
function canonicalIpv6(address: string): string {
	// A zone id names an interface of this machine, not a part of the address.
	const canonical = new URL(`http://[${address.replace(/%.*/, "")}]`).hostname.slice(1, -1);
	// IPv4-mapped (RFC 4291) and translated (RFC 6052): as IPv6, all IPv4 clients would share one /64.
	const embedded = /^(?:::ffff|64:ff9b:):([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical);
	if (embedded === null) return canonical;
	return embedded
		.slice(1)
		.map((group) => Number.parseInt(group, 16))
		.flatMap((group) => [group >> 8, group & 0xff])
		.join(".");
}

function network64(ipv6: string): string {
	const [head, tail] = ipv6.split("::").map((half) => (half === "" ? [] : half.split(":")));
	const zeros = tail === undefined ? 0 : 8 - head!.length - tail.length;
	const groups = [...head!, ...Array<string>(zeros).fill("0"), ...(tail ?? [])];
	return `${canonicalIpv6(`${groups.slice(0, 4).join(":")}::`)}/64`;
}

function isIn(networks: BlockList, address: string): boolean {
	return networks.check(address, isIPv4(address) ? "ipv4" : "ipv6");
}

function blockList(...networks: readonly [prefix: string, bits: number][]): BlockList {
	const list = new BlockList();
	for (const [prefix, bits] of networks) list.addSubnet(prefix, bits, isIPv4(prefix) ? "ipv4" : "ipv6");
	return list;
}

/** Loopback and unspecified: such a client is a proxy, a tunnel or a health check of this very machine. */
const thisMachine = blockList(["127.0.0.0", 8], ["0.0.0.0", 8], ["::1", 128], ["::", 128]);

/** RFC 1918, RFC 6598, RFC 3927, RFC 4193 and link-local IPv6: where proxies stand. */
const privateNetworks = blockList(
	["10.0.0.0", 8],
	["172.16.0.0", 12],
	["192.168.0.0", 16],
	["100.64.0.0", 10],
	["169.254.0.0", 16],
	["fc00::", 7],
	["fe80::", 10],
);
