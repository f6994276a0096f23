// expect: {"code":"ENOSPC"}
const fs = require("fs");
module.exports = function (ctx, cb) {
  try {
    for (let i = 0; ; i++) fs.writeFileSync(`/tmp/${i}`, Buffer.alloc(1 << 20));
  } catch ({ code }) {
    cb(null, { code });
  }
};
