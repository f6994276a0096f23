/* What Node's tests ask of their fixtures, of which an isolate has none but a few texts. */
"use strict";

const path = require("path");

const fixturesDir = "/fixtures";
/* The bundle names them by their paths, a character for a byte. */
const texts = fixtureTexts;
const read = (names, encoding) => {
  const text = texts[path.join(...[names].flat())];
  if (text === undefined) throw new Error(`no fixture ${names} in an isolate`);
  const bytes = Buffer.from(text, "latin1");
  return encoding ? bytes.toString(encoding) : bytes;
};

module.exports = {
  fixturesDir,
  path: (...names) => path.join(fixturesDir, ...names),
  fileURL: (...names) => new URL(`file://${path.join(fixturesDir, ...names)}`),
  readSync: read,
  readKey: (name, encoding) => read(["keys", name], encoding),
  utf8TestText: "",
  utf8TestTextPath: "/fixtures/utf8_test_text.txt",
};
