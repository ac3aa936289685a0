/** How many of the list, which is ordered by use, count as so frequent that two in a row are still frequent. */
const mostFrequent = 3000;

/** Repeating something shorter than this does not make a password of it. */
const minRepeatedLength = 8;

/** What a finger does on a keyboard, or a person who counts: any piece of these, also backwards and around the end. */
const sequences = [
	"0123456789",
	"abcdefghijklmnopqrstuvwxyz",
	"qwertyuiopasdfghjklzxcvbnm",
	"qwertzuiopasdfghjklyxcvbnm",
	"azertyuiopqsdfghjklmwxcvbn",
	"1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
	"qazwsxedcrfvtgbyhnujmikolp",
	"1q2w3e4r5t6y7u8i9o0p",
	"q1w2e3r4t5y6u7i8o9p0",
];

interface CommonPasswords {
	all: ReadonlySet<string>;
	frequent: ReadonlySet<string>;
}

let loading: Promise<CommonPasswords> | undefined;

/**
 * Whether others would guess this password early: it is on the list of 49,233 passwords from leaks, or two of its 3,000
 * most used in a row, or a sequence, or one of these or something short repeated. The list alone would not do for
 * long passwords, since only 41 of its entries have 15 characters or more; `decisions/003-common-passwords.md` has
 * the figures. The entire password is compared, without regard to case. NIST SP 800-63B-4, section 3.1.1.2.
 *
 * The list is loaded at the first call and then stays, in about 8 MB.
 *
 * @param password In NFC.
 */
export async function isCommonPassword(password: string): Promise<boolean> {
	return isCommon(password.toLowerCase(), await commonPasswords());
}

/** The whole list, in lower case, the most used first. */
export async function listCommonPasswords(): Promise<ReadonlySet<string>> {
	return (await commonPasswords()).all;
}

function isCommon(text: string, list: CommonPasswords): boolean {
	if (list.all.has(text) || isSequence(text) || isTwoInARow(text, list.frequent)) return true;
	const unit = repeatedUnit(text);
	return unit !== null && (unit.length < minRepeatedLength || isCommon(unit, list));
}

function isSequence(text: string): boolean {
	return sequences.some((sequence) => {
		const endless = sequence.repeat(Math.ceil(text.length / sequence.length) + 1);
		return endless.includes(text) || endless.includes([...text].reverse().join(""));
	});
}

function isTwoInARow(text: string, words: ReadonlySet<string>): boolean {
	for (let split = 1; split < text.length; split++) {
		if (words.has(text.slice(0, split)) && words.has(text.slice(split))) return true;
	}
	return false;
}

/** The shortest piece that the text repeats at least twice, the last time perhaps cut short; `null` when there is none. */
function repeatedUnit(text: string): string | null {
	for (let length = 1; length <= text.length / 2; length++) {
		if (text.startsWith(text.slice(length))) return text.slice(0, length);
	}
	return null;
}

function commonPasswords(): Promise<CommonPasswords> {
	loading ??= loadCommonPasswords();
	return loading;
}

async function loadCommonPasswords(): Promise<CommonPasswords> {
	// 380 KB that only somebody who chooses a password needs.
	const { dictionary } = await import("@zxcvbn-ts/language-common");
	const list = dictionary["passwords-common"].map((password) => password.normalize("NFC").toLowerCase());
	return { all: new Set(list), frequent: new Set(list.slice(0, mostFrequent)) };
}
