/* What Node's tests ask of their fixtures, of which an isolate has none but a few texts. */
"use strict";

const fs = require("fs");
const os = require("os");
const path = require("path");

const fixturesDir = path.join(os.tmpdir(), "test", "fixtures");
/* The bundle names them by their paths, a character for a byte. */
const texts = fixtureTexts;
const read = (names, encoding) => {
  const text = texts[path.join(...[names].flat())];
  if (text === undefined) throw new Error(`no fixture ${names} in an isolate`);
  const bytes = Buffer.from(text, "latin1");
  return encoding ? bytes.toString(encoding) : bytes;
};

for (const name of Object.keys(texts)) {
  const file = path.join(fixturesDir, name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, read(name));
}

module.exports = {
  fixturesDir,
  path: (...names) => path.join(fixturesDir, ...names),
  fileURL: (...names) => new URL(`file://${path.join(fixturesDir, ...names)}`),
  readSync: read,
  readKey: (name, encoding) => read(["keys", name], encoding),
  utf8TestText: texts["utf8_test_text.txt"] ?? "",
  utf8TestTextPath: path.join(fixturesDir, "utf8_test_text.txt"),
};
