// expect: sync_time memory
// Each stack asks the executor for the places of its frames, whatever its error says.
module.exports = function (cb) {
  const frames = "\n    at f (extension.js:1:1)".repeat(2000);
  for (let more = 0; ; more++) {
    const error = new Error(more % 2 ? frames : "x".repeat(1e6) + frames);
    Error.stackTraceLimit = 1000;
    (function deeper(left) {
      if (left > 0) deeper(left - 1);
      else Error.captureStackTrace(error);
    })(500);
    void error.stack;
  }
};
