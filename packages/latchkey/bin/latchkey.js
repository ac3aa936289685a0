#!/usr/bin/env node
// A committed stub: npm links a workspace's bin at install, before anything is built.
import("../dist/cli.js").then((cli) => cli.main(process.argv.slice(2)));
