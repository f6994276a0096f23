// expect: threw
module.exports = function (ctx, cb) {
  Error.prepareStackTrace = (error, frames) => frames;
  throw new Error("read my stack");
};
