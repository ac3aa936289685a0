export { main } from "./lib/cli/main.ts";
