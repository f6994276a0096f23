// expect: sync_time
// The clock of the invocation counts, not the one that the script asks for.
const vm = require("vm");
module.exports = function (cb) {
  vm.runInNewContext("while (true);", {}, { timeout: 1e9 });
};
