/* What Node's tests ask of their fixtures, of which an isolate has none but a few texts. */
"use strict";

const path = require("path");

const fixturesDir = "/fixtures";
const none = (...names) => {
  throw new Error(`no fixture ${names.join("/")} in an isolate`);
};

module.exports = {
  fixturesDir,
  path: (...names) => path.join(fixturesDir, ...names),
  fileURL: (...names) => new URL(`file://${path.join(fixturesDir, ...names)}`),
  readSync: none,
  readKey: none,
  utf8TestText: "",
  utf8TestTextPath: "/fixtures/utf8_test_text.txt",
};
