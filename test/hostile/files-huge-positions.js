// expect: {"codes":["ENOSPC","ENOSPC","ENAMETOOLONG","ELOOP"]}
const fs = require("fs");
const codeOf = (use) => {
  try {
    use();
    return "";
  } catch ({ code }) {
    return code;
  }
};
module.exports = function (ctx, cb) {
  fs.writeFileSync("/tmp/a", "a");
  fs.symlinkSync("/tmp/y", "/tmp/x");
  fs.symlinkSync("/tmp/x", "/tmp/y");
  cb(null, {
    codes: [
      codeOf(() => fs.truncateSync("/tmp/a", 2 ** 40)),
      codeOf(() => {
        const file = fs.openSync("/tmp/a", "r+");
        fs.writeSync(file, Buffer.from("x"), 0, 1, 2 ** 50);
      }),
      codeOf(() => fs.writeFileSync("/tmp/" + "n".repeat(5000), "")),
      codeOf(() => fs.readFileSync("/tmp/x")),
    ],
  });
};
