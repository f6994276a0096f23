/** What runs in a plain Node: takes the script of a file of tests, and tells what came of it. */
"use strict";

const tell = (reply) => process.send(reply, () => process.exit());
// Tests leave some behind; the harness sees those that are theirs.
process.on("unhandledRejection", () => {});
process.on("uncaughtException", (error) => tell({ failure: String(error) }));
process.once("message", (source) => {
  const module = { exports: {} };
  try {
    // oxlint-disable-next-line typescript/no-implied-eval -- the very script that the isolate has
    new Function("module", "require", source)(module, require);
    module.exports((error, results) => tell({ results }));
  } catch (error) {
    tell({ failure: String(error) });
  }
});
