// expect: memory sync_time
// Contexts are of the isolate that made them: its heap holds them, its clock runs while they are made.
const vm = require("vm");
module.exports = function (cb) {
  const kept = [];
  for (;;) kept.push(vm.createContext({ kept }));
};
