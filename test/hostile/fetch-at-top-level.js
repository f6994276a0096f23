// expect: {"message":"fetch works in an invocation only: the top level of a module belongs to none"}
const early = fetch("http://host.example/").catch((error) => error.message);
module.exports = async function (ctx) {
  return { message: await early };
};
