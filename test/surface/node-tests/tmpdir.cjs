/* The folder that Node's tests write in. */
"use strict";

const fs = require("fs");
const os = require("os");
const path = require("path");
const { pathToFileURL } = require("url");

const folder = path.join(os.tmpdir(), "node-test");

module.exports = {
  path: folder,
  refresh() {
    fs.rmSync(folder, { recursive: true, force: true });
    fs.mkdirSync(folder, { recursive: true });
  },
  resolve: (...names) => path.resolve(folder, ...names),
  fileURL: (...names) => pathToFileURL(path.resolve(`${folder}/`, ...names)),
  hasEnoughSpace: () => false,
};
