// expect: answered threw rejected sync_time
// Node's library is loaded when it is first used: a guest that broke the language before that has broken its own copy.
const hijack = function () {
  throw new Error("hijacked");
};
module.exports = async function () {
  for (const name of ["get", "set", "value", "cause", "code", "message"])
    Object.defineProperty(Object.prototype, name, {
      __proto__: null,
      set: hijack,
      get: hijack,
    });
  Reflect.apply = Reflect.ownKeys = hijack;
  const failed = [];
  for (const name of ["crypto", "http", "stream", "util", "zlib", "fs"])
    try {
      require(name);
    } catch {
      failed[failed.length] = name;
    }
  console.log(failed.length);
  return process.cwd() + new Headers();
};
