// expect: rejected
module.exports = async function (ctx) {
  return await import("fs");
};
