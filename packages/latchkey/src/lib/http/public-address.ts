import { BlockList, isIP, isIPv6 } from "node:net";

/** IPv4 that is not for the public internet (IANA's special-purpose registry), multicast and what is reserved. */
const specialIPv4 = blockList("ipv4", [
	...["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24"],
	...["192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"],
	...["224.0.0.0/4", "240.0.0.0/4"],
]);

/** The only IPv6 that is routed on the public internet, and what within it is for something else. */
const globalIPv6 = blockList("ipv6", ["2000::/3"]);
const specialIPv6 = blockList("ipv6", ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"]);

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/**
 * Whether an IP address is somebody's on the public internet. Not: private networks, loopback, link-local with the
 * metadata services of clouds, and IPv6 that carries an IPv4 address inside it.
 */
export function isPublicAddress(address: string): boolean {
	if (isIPv6(address)) return globalIPv6.check(address, "ipv6") && !specialIPv6.check(address, "ipv6");
	return isIP(address) === 4 && !specialIPv4.check(address, "ipv4");
}

export function isLoopbackAddress(address: string): boolean {
	return loopback.check(address, isIPv6(address) ? "ipv6" : "ipv4");
}

function blockList(family: "ipv4" | "ipv6", subnets: readonly string[]): BlockList {
	const list = new BlockList();
	for (const subnet of subnets) {
		const [network = "", prefix] = subnet.split("/");
		list.addSubnet(network, Number(prefix), family);
	}
	return list;
}
