export { TestAuthenticator, type TestCeremony } from "./lib/testing/test-authenticator.ts";
export { type TestAnswer, TestBrowser, type TestBrowserOptions } from "./lib/testing/test-browser.ts";
export { createTestClock, type TestClock } from "./lib/testing/test-clock.ts";
