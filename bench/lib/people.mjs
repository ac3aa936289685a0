/** What everybody in the benchmark uses, on either side of a process boundary. */
export const secret = "a-secret-for-the-benchmark-0123456789-abcdefghij";
export const goodPassword = "correct horse battery";
