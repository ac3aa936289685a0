import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { carriesCookie, clearCookie, cookieAttributes, cookieName, readCookie, serializeCookie } from "./cookies.ts";

const name = "__Host-session";
const genuine = "eyJ0eXAiOiJzZXNzaW9uIn0.e30.c2lnbmF0dXJl";
const planted = "planted-by-a-sibling-domain";

describe("readCookie", () => {
	const junk = Array.from({ length: 180 }, (_, index) => `_track${index}=${"x".repeat(60)}`);

	it.each<[title: string, header: string]>([
		["alone", `${name}=${genuine}`],
		["first of several", `${name}=${genuine}; theme=dark; lang=de`],
		["last of several", `theme=dark; lang=de; ${name}=${genuine}`],
		["without a space after the semicolon", `theme=dark;${name}=${genuine};lang=de`],
		["with several spaces after the semicolon", `theme=dark;   ${name}=${genuine}`],
		["beside empty pairs", `;; ;${name}=${genuine};; `],
		["beside a cookie whose value holds our pair", `trap=${name}=${planted}; ${name}=${genuine}`],
		["beside cookies whose names contain ours", `x${name}=${planted}; ${name}x=${planted}; ${name}=${genuine}`],
		["beside the wrong case of the prefix [A17]", `__HOST-session=${planted}; ${name}=${genuine}`],
		["beside the wrong case of the name [A17]", `${name}=${genuine}; __Host-Session=${planted}`],
		["beside the name without its prefix [A17]", `session=${planted}; ${name}=${genuine}`],
		["beside a tab before the name [A17]", `\t${name}=${planted}; ${name}=${genuine}`],
		["beside a tab after the name [A17]", `${name}\t=${planted}; ${name}=${genuine}`],
		["beside U+2000 before the name [A17]", `\u2000${name}=${planted}; ${name}=${genuine}`],
		["beside U+2000 as its bytes arrive in Node [A17]", `\u00e2\u0080\u0080${name}=${planted}; ${name}=${genuine}`],
		["beside a percent-encoded name [A17]", `__%48ost-session=${planted}; ${name}=${genuine}`],
		["beside a bare name without = [A17]", `${name}; ${name}=${genuine}`],
		["after 180 junk cookies [A17]", `${junk.join("; ")}; ${name}=${genuine}`],
		["before 180 junk cookies [A17]", `${name}=${genuine}; ${junk.join("; ")}`],
	])("finds the genuine one %s", (_title, header) => {
		expect(readCookie(header, name)).toBe(genuine);
	});

	it.each<[title: string, header: string | null]>([
		["no header", null],
		["an empty header", ""],
		["only other cookies", "theme=dark; lang=de"],
		["the genuine one before a planted one [A17]", `${name}=${genuine}; ${name}=${planted}`],
		["a planted one before the genuine one [A17]", `${name}=${planted}; ${name}=${genuine}`],
		["the same value twice [A17]", `${name}=${genuine}; ${name}=${genuine}`],
		["an empty one before the genuine one [A17]", `${name}=; ${name}=${genuine}`],
		["an empty one after the genuine one [A17]", `${name}=${genuine}; ${name}=`],
		["a quoted one beside the genuine one [A17]", `${name}="${planted}"; ${name}=${genuine}`],
		["duplicates around 180 junk cookies [A17]", `${name}=${planted}; ${junk.join("; ")}; ${name}=${genuine}`],
		["a nameless cookie that spells ours [A17]", `${name}=${genuine}; ${name}=${planted}`],
		["the bare name [A17]", name],
		["the bare name between others [A17]", `theme=dark; ${name}; lang=de`],
		["the name with = but no value", `${name}=`],
		["the wrong case of the prefix [A17]", `__host-session=${planted}`],
		["the name without its prefix [A17]", `session=${planted}`],
		["a space before =", `${name} =${planted}`],
		["a tab before the name [A17]", `\t${name}=${planted}`],
		["a tab before = [A17]", `${name}\t=${planted}`],
		["U+2000 before the name [A17]", `\u2000${name}=${planted}`],
		["our pair in another cookie's value", `trap=${name}=${planted}`],
		["a quoted value", `${name}="${genuine}"`],
		["a space in the value", `${name}=a b`],
		["a space after the value", `${name}=${genuine} ; theme=dark`],
		["a tab in the value", `${name}=a\tb`],
		["a comma in the value, as two joined headers leave it", `${name}=${genuine}, ${name}=${planted}`],
		["a backslash in the value", `${name}=a\\b`],
		["a character beyond ASCII in the value", `${name}=caf\u00e9`],
		["a line feed in the value", `${name}=a\nb`],
	])("reads as absent: %s", (_title, header) => {
		expect(readCookie(header, name)).toBeNull();
	});

	it("does not decode percent signs", () => {
		expect(readCookie("session=a%3Bb%00", "session")).toBe("a%3Bb%00");
	});

	it("reads a header of 16 KB with two thousand semicolons [A17]", () => {
		const header = `${"a=b; ".repeat(1000)}${";".repeat(1000)}${" ".repeat(5000)}${"z".repeat(5000)}; session=${genuine}`;
		expect(header.length).toBeGreaterThan(16_000);
		expect(readCookie(header, "session")).toBe(genuine);
	});

	it("never throws, and returns null or a part of the header [A17]", () => {
		fc.assert(
			fc.property(hostileHeader, (header) => {
				const value = readCookie(header, "session");
				expect(value === null || (value !== "" && header.includes(`session=${value}`))).toBe(true);
			}),
		);
	});

	it("never returns a value when the name occurs twice [A17]", () => {
		fc.assert(
			fc.property(hostileHeader, (header) => {
				const occurrences = header.split(";").filter((pair) => pair.replace(/^ +/, "").startsWith("session="));
				fc.pre(occurrences.length > 1);
				expect(readCookie(header, "session")).toBeNull();
			}),
		);
	});

	it("reads back what serializeCookie wrote, among any other cookies", () => {
		fc.assert(
			fc.property(
				cookieValue,
				fc.array(fc.constantFrom("a=1", "Session=2", "xsession=3", "session", "\tsession=4")),
				(value, others) => {
					const [pair] = serializeCookie({ name: "session", value, maxAgeSeconds: 60, secure: true }).split("; ");
					expect(readCookie([...others, pair].join("; "), "session")).toBe(value);
				},
			),
		);
	});
});

describe("carriesCookie", () => {
	it.each([
		[null, false],
		["", false],
		["theme=dark", false],
		["trap=session=x", false],
		["Session=x", false],
		["session=x", true],
		["theme=dark; session=x; session=y", true],
		["theme=dark;\tsession=x", true],
		["theme=dark; session", true],
		['session="x"', true],
		["transaction-7f3a=x", true],
	])("judges %j", (header, carries) => {
		expect(carriesCookie(header, ["session", "transaction-"])).toBe(carries);
	});
});

describe("cookieName", () => {
	it("has the __Host- prefix over https and none on loopback http [ASVS 3.3.1] [ASVS 3.3.3]", () => {
		expect(cookieName("session", true)).toBe("__Host-session");
		expect(cookieName("session", false)).toBe("session");
	});
});

describe("serializeCookie", () => {
	it("writes Secure, HttpOnly, SameSite=Lax, Path=/ and no Domain [ASVS 3.3.1] [ASVS 3.3.2] [ASVS 3.3.3] [ASVS 3.3.4]", () => {
		expect(serializeCookie({ name, value: genuine, maxAgeSeconds: 600, secure: true })).toBe(
			`${name}=${genuine}; Max-Age=600; Path=/; HttpOnly; SameSite=Lax; Secure`,
		);
	});

	it("leaves only Secure away on loopback http", () => {
		expect(serializeCookie({ name: "session", value: "v", maxAgeSeconds: 600, secure: false })).toBe(
			"session=v; Max-Age=600; Path=/; HttpOnly; SameSite=Lax",
		);
	});

	it("caps the age at 400 days", () => {
		const cookie = serializeCookie({ name, value: "v", maxAgeSeconds: 500 * 86_400, secure: true });
		expect(cookie).toContain("; Max-Age=34560000;");
	});

	it.each(["", "a b", "a;b", "a,b", 'a"b', "a\\b", "a\r\nSet-Cookie: x=y", "a\0", "\u00e9", "\u{1f36a}"])(
		"refuses the value %j",
		(value) => {
			expect(() => serializeCookie({ name, value, maxAgeSeconds: 60, secure: true })).toThrow(TypeError);
		},
	);

	it.each(["", "a b", "a=b", "a;b", "a\r\nb", "\u00e9"])("refuses the name %j", (name) => {
		expect(() => serializeCookie({ name, value: "v", maxAgeSeconds: 60, secure: true })).toThrow(TypeError);
	});

	it("refuses a __Host- name without Secure, which a browser would drop in silence", () => {
		expect(() => serializeCookie({ name, value: "v", maxAgeSeconds: 60, secure: false })).toThrow(TypeError);
	});

	it("accepts 4096 octets of name and value, and not one more", () => {
		const fits = { name: "session", value: "v".repeat(4096 - "session".length), maxAgeSeconds: 60, secure: true };
		expect(readCookie(serializeCookie(fits).split("; ")[0]!, "session")).toBe(fits.value);
		expect(() => serializeCookie({ ...fits, value: `${fits.value}v` })).toThrow(RangeError);
	});

	it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])("refuses an age of %d seconds", (maxAgeSeconds) => {
		expect(() => serializeCookie({ name, value: "v", maxAgeSeconds, secure: true })).toThrow(RangeError);
	});
});

describe("clearCookie", () => {
	it("deletes with the attributes that the cookie was set with", () => {
		expect(clearCookie({ name, secure: true })).toBe(`${name}=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax; Secure`);
		expect(clearCookie({ name: "session", secure: false })).toBe("session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax");
	});
});

describe("cookieAttributes", () => {
	it("says the same as the header, for Next's cookies().set", () => {
		expect(cookieAttributes({ maxAgeSeconds: 600, secure: true })).toEqual({
			httpOnly: true,
			sameSite: "lax",
			path: "/",
			secure: true,
			maxAge: 600,
		});
	});
});

const cookieOctets = Array.from({ length: 94 }, (_, index) => String.fromCharCode(0x21 + index)).filter(
	(character) => !'",;\\'.includes(character),
);
const cookieValue = fc.string({ unit: fc.constantFrom(...cookieOctets), minLength: 1, maxLength: 60 });

const hostilePart = fc.oneof(
	{ weight: 3, arbitrary: fc.constantFrom("session=", "session=a", ";session=b", "; session=c") },
	{ weight: 4, arbitrary: fc.constantFrom("; ", ";", " ", "=", "\t", '"', "\u2000", "Session=d", "session", "%") },
	{ weight: 1, arbitrary: fc.string() },
);
const hostileHeader = fc.array(hostilePart).map((parts) => parts.join(""));
