// expect: sync_time memory threw
// A context that makes contexts with what it was given, down to where the stack or the heap ends.
const vm = require("vm");
module.exports = function (cb) {
  vm.runInNewContext("run(run)", {
    run: function run(again) {
      vm.runInNewContext("run(run)", { run: () => run(again) });
    },
  });
};
