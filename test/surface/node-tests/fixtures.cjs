/* What Node's tests ask of their fixtures, of which an isolate has none but a few texts. */
"use strict";

const fs = require("fs");
const os = require("os");
const path = require("path");

const fixturesDir = path.join(os.tmpdir(), "fixtures");
/* The bundle names them by their paths, a character for a byte. */
const texts = fixtureTexts;
const read = (names, encoding) => {
  const text = texts[path.join(...[names].flat())];
  if (text === undefined) throw new Error(`no fixture ${names} in an isolate`);
  const bytes = Buffer.from(text, "latin1");
  return encoding ? bytes.toString(encoding) : bytes;
};

/* What is asked for by its path is wanted as a file. */
const filed = (...names) => {
  const file = path.join(fixturesDir, ...names);
  if (texts[path.join(...names)] !== undefined) {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, read(names));
  }
  return file;
};

module.exports = {
  fixturesDir,
  path: filed,
  fileURL: (...names) => new URL(`file://${path.join(fixturesDir, ...names)}`),
  readSync: read,
  readKey: (name, encoding) => read(["keys", name], encoding),
  utf8TestText: "",
  utf8TestTextPath: "/fixtures/utf8_test_text.txt",
};
