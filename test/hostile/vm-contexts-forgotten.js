// expect: sync_time
const vm = require("vm");
module.exports = function (cb) {
  for (;;) vm.runInNewContext("[].push(n)", { n: 1 });
};
