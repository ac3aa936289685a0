import { isIP } from "node:net";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addressBucket, clientAddress } from "./client-address.ts";

const proxy = "10.0.0.1";

describe("clientAddress without a trusted proxy", () => {
	const direct = (peer: string | null, forwardedFor: string | null = null) =>
		clientAddress({ peer, forwardedFor, trustedProxies: 0 });

	it.each([
		["203.0.113.7", "203.0.113.7"],
		["::ffff:203.0.113.7", "203.0.113.7"],
		["2001:DB8:0:0::0001", "2001:db8::1"],
		["fe80::1%eth0", "fe80::1"],
		["192.168.1.20", "192.168.1.20"],
		["fd00::20", "fd00::20"],
	])("is the peer: %s", (peer, address) => {
		expect(direct(peer)).toBe(address);
	});

	it.each([
		null,
		"",
		"localhost",
		"/var/run/app.sock",
		"127.0.0.1",
		"127.8.8.8",
		"::1",
		"::ffff:127.0.0.1",
		"0.0.0.0",
		"::",
	])("is unknown for the peer %j", (peer) => {
		expect(direct(peer)).toBeNull();
	});

	it.each([
		"10.0.0.1",
		"172.17.0.1",
		"192.168.1.1",
		"100.64.0.9",
		"169.254.1.1",
		"::ffff:10.0.0.1",
		"fd00::1",
		"fe80::1%eth0",
	])(
		"is unknown for the private peer %s that forwards, so that nobody shares a bucket with everybody [A15]",
		(peer) => {
			expect(direct(peer, "203.0.113.7")).toBeNull();
			expect(direct(peer, "garbage")).toBeNull();
			expect(direct(peer, `${peer}, 203.0.113.7`)).toBeNull();
		},
	);

	it.each(["172.15.255.255", "172.32.0.0", "11.0.0.1", "100.128.0.0", "2001:db8::1"])(
		"is the public peer %s, whatever it claims to forward [A15] [ASVS 4.1.3]",
		(peer) => {
			expect(direct(peer, "203.0.113.7")).toBe(peer);
			expect(direct(peer, "127.0.0.1")).toBe(peer);
		},
	);

	it("knows the header that Next.js fills in from the peer from one that a proxy sent", () => {
		expect(direct("192.168.1.20", "192.168.1.20")).toBe("192.168.1.20");
		expect(direct("::ffff:192.168.1.20", "::ffff:192.168.1.20")).toBe("192.168.1.20");
	});
});

describe("clientAddress behind trusted proxies", () => {
	const behind = (trustedProxies: number, forwardedFor: string | null, peer: string | null = proxy) =>
		clientAddress({ peer, forwardedFor, trustedProxies });

	it.each<[trustedProxies: number, forwardedFor: string, address: string]>([
		[1, "203.0.113.7", "203.0.113.7"],
		[1, " 203.0.113.7\t", "203.0.113.7"],
		[1, "203.0.113.7:51234", "203.0.113.7"],
		[1, "[2001:db8::7]:443", "2001:db8::7"],
		[1, "[2001:db8::7]", "2001:db8::7"],
		[1, "2001:DB8::0007", "2001:db8::7"],
		[1, "[fe80::7%eth0]", "fe80::7"],
		[1, "::FFFF:203.0.113.7", "203.0.113.7"],
		[1, "64:ff9b::203.0.113.7", "203.0.113.7"],
		[1, "10.0.0.9", "10.0.0.9"],
		[2, "203.0.113.7, 10.0.0.2", "203.0.113.7"],
		[3, "203.0.113.7, 10.0.0.3, 10.0.0.2", "203.0.113.7"],
	])("counts from the right: %d of %j", (trustedProxies, forwardedFor, address) => {
		expect(behind(trustedProxies, forwardedFor)).toBe(address);
		expect(behind(trustedProxies, forwardedFor, null)).toBe(address);
		expect(behind(trustedProxies, forwardedFor, "::1")).toBe(address);
	});

	it.each<[trustedProxies: number, forwardedFor: string]>([
		[1, "198.51.100.1, 203.0.113.7"],
		[1, "127.0.0.1, ::1, 10.0.0.1, 203.0.113.7"],
		[1, ",,, 203.0.113.7"],
		[1, "<script>, 203.0.113.7"],
		[1, `${"198.51.100.1, ".repeat(5000)}203.0.113.7`],
		[1, `${"x".repeat(100_000)}, 203.0.113.7`],
		[2, "198.51.100.1, 203.0.113.7, 10.0.0.2"],
		[2, "garbage, 203.0.113.7, also garbage"],
	])("ignores what a client put before its own entry: %d of %j [A15] [ASVS 4.1.3]", (trustedProxies, forwardedFor) => {
		expect(behind(trustedProxies, forwardedFor)).toBe("203.0.113.7");
	});

	it.each<[trustedProxies: number, forwardedFor: string | null]>([
		[1, null],
		[1, ""],
		[1, ","],
		[1, "203.0.113.7,"],
		[1, "unknown"],
		[1, "_hidden"],
		[1, "for=203.0.113.7"],
		[1, '"203.0.113.7"'],
		[1, "example.com"],
		[1, "203.0.113"],
		[1, "203.0.113.07"],
		[1, "203.0.113.256"],
		[1, "0x7f.1"],
		[1, "3405803783"],
		[1, "203.0.113.7:"],
		[1, "203.0.113.7:123456"],
		[1, "203.0.113.7:80:80"],
		[1, "203.0.113.7/24"],
		[1, "203.0.113.7%eth0"],
		[1, "203.0.113.7 198.51.100.1"],
		[1, "[203.0.113.7]:80"],
		[1, "[2001:db8::7"],
		[1, "2001:db8::7]"],
		[1, "[[2001:db8::7]]"],
		[1, "2001:db8:::7"],
		[1, "1:2:3:4:5:6:7:8:9"],
		[1, "\uff12\uff10\uff13.0.113.7"],
		[1, "9".repeat(100_000)],
		[1, ":".repeat(100_000)],
		[1, "127.0.0.1"],
		[1, "::ffff:127.0.0.1"],
		[1, "[::1]:80"],
		[1, "::"],
		[2, "203.0.113.7"],
		[2, "garbage, 203.0.113.7"],
		[3, "203.0.113.7, 10.0.0.2"],
		[1_000_000, "203.0.113.7"],
	])("is unknown, never an unchecked string: %d of %j [A15]", (trustedProxies, forwardedFor) => {
		expect(behind(trustedProxies, forwardedFor)).toBeNull();
	});

	it("is unknown when the proxy sent no header and Next.js filled in the proxy itself [A15]", () => {
		expect(behind(1, proxy)).toBeNull();
		expect(behind(1, `::ffff:${proxy}`)).toBeNull();
	});

	it("is a canonical address or unknown, whatever arrives [A15]", () => {
		const entry = fc.oneof(
			fc.ipV4(),
			fc.ipV4Extended(),
			fc.ipV6(),
			fc.string(),
			fc.constantFrom("", " ", ":80", "[", "]", "%1"),
		);
		const list = fc
			.array(fc.array(entry, { maxLength: 3 }).map((parts) => parts.join("")))
			.map((entries) => entries.join(","));
		const maybe = fc.option(list);
		fc.assert(
			fc.property(maybe, maybe, fc.nat({ max: 4 }), (peer, forwardedFor, trustedProxies) => {
				const address = clientAddress({ peer, forwardedFor, trustedProxies });
				fc.pre(address !== null);
				expect(isIP(address!)).not.toBe(0);
				expect(clientAddress({ peer: address, forwardedFor: null, trustedProxies: 0 })).toBe(address);
				expect(addressBucket(address!)).toBe(addressBucket(address!.toUpperCase()));
			}),
		);
	});
});

describe("addressBucket", () => {
	it("is the same for one IPv6 address in ten spellings [A15]", () => {
		const spellings = [
			"2001:db8:0:1::a",
			"2001:DB8:0:1::A",
			"2001:0db8:0000:0001:0000:0000:0000:000a",
			"2001:db8:0:1:0:0:0:a",
			"2001:db8::1:0:0:0:a",
			"2001:db8:0:1::0.0.0.10",
			"2001:db8:0:1::a%eth0",
			"[2001:db8:0:1::a]",
			"[2001:db8:0:1::a]:443",
			" 2001:db8:0:1::a ",
		];
		expect(new Set(spellings.map(addressBucket))).toEqual(new Set(["2001:db8:0:1::/64"]));
	});

	it("is the same for one IPv4 address in ten spellings [A15]", () => {
		const spellings = [
			"203.0.113.7",
			" 203.0.113.7",
			"203.0.113.7:80",
			"::ffff:203.0.113.7",
			"::FFFF:203.0.113.7",
			"::ffff:cb00:7107",
			"0:0:0:0:0:ffff:203.0.113.7",
			"[::ffff:203.0.113.7]",
			"[::ffff:203.0.113.7]:443",
			"64:ff9b::203.0.113.7",
		];
		expect(new Set(spellings.map(addressBucket))).toEqual(new Set(["203.0.113.7"]));
	});

	it.each([
		["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
		["2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"],
		["2001:db8:1:3::1", "2001:db8:1:3::/64"],
		["2001:db8::1", "2001:db8::/64"],
		["fe80::1", "fe80::/64"],
		["1::", "1::/64"],
		["::1:2:3:4:5", "0:0:0:1::/64"],
		["::1:2:3:4", "::/64"],
	])("puts the whole /64 of %s into %s", (address, bucket) => {
		expect(addressBucket(address)).toBe(bucket);
	});

	it("keeps two IPv4 addresses apart", () => {
		expect(addressBucket("203.0.113.7")).not.toBe(addressBucket("203.0.113.8"));
	});

	it("throws for what is not an address, instead of inventing a bucket", () => {
		for (const text of ["", "unknown", "203.0.113.7, 203.0.113.8", "2001:db8::/64"]) {
			expect(() => addressBucket(text)).toThrow(TypeError);
		}
	});
});
