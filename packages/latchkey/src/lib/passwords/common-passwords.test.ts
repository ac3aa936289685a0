import { describe, expect, it } from "vitest";
import { isCommonPassword, listCommonPasswords } from "./common-passwords.ts";

describe("the list of common passwords", () => {
	it("holds 49,233 passwords, 17,950 of them of 8 characters and more [ASVS 6.2.4]", async () => {
		const list = [...(await listCommonPasswords())];
		expect(list.length).toBe(49_233);
		expect(list.filter((password) => [...password].length >= 8).length).toBe(17_950);
		expect(list.filter((password) => [...password].length >= 15).length).toBe(41);
	});

	it("holds text in the form that passwords are compared in", async () => {
		for (const password of await listCommonPasswords()) {
			expect(password.normalize("NFC").toLowerCase()).toBe(password);
		}
	});

	it("is loaded once", async () => {
		expect(await listCommonPasswords()).toBe(await listCommonPasswords());
	});
});

describe("isCommonPassword", () => {
	it("finds every entry of the list, in any case [ASVS 6.2.4]", async () => {
		for (const password of await listCommonPasswords()) {
			expect(await isCommonPassword(password)).toBe(true);
			expect(await isCommonPassword(password.toUpperCase())).toBe(true);
		}
	});

	it.each([
		["one character", "aaaaaaaaaaaaaaa"],
		["one character beyond ASCII", "\u00e9".repeat(15)],
		["one character beyond the first plane", "\u{1f511}".repeat(15)],
		["digits that count up", "12345678901234"],
		["digits that count down", "98765432109876543"],
		["the alphabet", "abcdefghijklmnopq"],
		["the alphabet, backwards and around the end", "dcbazyxwvutsrqpon"],
		["rows of the keyboard", "qwertyuiopasdfg"],
		["rows of the keyboard, in German", "Qwertzuiopasdfghj"],
		["rows of the keyboard, in French", "azertyuiopqsdfghj"],
		["columns of the keyboard", "1qaz2wsx3edc4rfv5tgb"],
		["zigzag on the keyboard", "q1w2e3r4t5y6u7i8o9p0"],
		["something short, many times", "abcabcabcabcabcabc"],
		["something short, the last time cut off", "xk3xk3xk3xk3xk3x"],
		["something of seven characters, twice and a bit", "gr8fenzgr8fenzgr"],
		["a common password twice", "passwordpassword"],
		["a common password three times", "DragonDragonDragon"],
		["two common passwords", "qwerty123superman"],
		["two common passwords, one of them digits", "football12345678"],
		["two common passwords, twice", "monkeylovemonkeylove"],
	])("finds %s [ASVS 6.2.4]", async (_title, password) => {
		expect(await isCommonPassword(password)).toBe(true);
	});

	it.each([
		["a passphrase", "correct horse battery staple"],
		["a passphrase without spaces", "copperlanternriverside"],
		["lower-case letters", "vdkqhzmwptbrlxn"],
		["digits without a pattern", "830275916604173"],
		["a common password inside something longer", "my password is a goat"],
		["something of eight characters twice, if it is not common itself", "gr8fenzqgr8fenzq"],
		["a long passphrase in Greek", "\u03ba\u03b1\u03bb\u03b7\u03bc\u03ad\u03c1\u03b1 \u03ba\u03cc\u03c3\u03bc\u03b5"],
	])("lets pass %s", async (_title, password) => {
		expect(await isCommonPassword(password)).toBe(false);
	});
});
