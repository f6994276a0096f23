// expect: {"settled":1,"foreign":0}
// A promise that is not what it seems: its constructor, its species and its `then` see what awaits it.
let settled = 0;
let foreign = 0;
const isForeign = (value) =>
  typeof value === "function" && !(value instanceof Function);
class Spy extends Promise {
  constructor(executor) {
    super((resolve, reject) => {
      if (isForeign(resolve) || isForeign(reject)) foreign++;
      executor(resolve, reject);
    });
  }
  static get [Symbol.species]() {
    return function (executor) {
      executor(
        () => settled++,
        () => settled++,
      );
    };
  }
  then(resolve, reject) {
    if (isForeign(resolve) || isForeign(reject)) foreign++;
    if (settled++ === 0) {
      resolve({ settled, foreign });
      reject(new Error("and rejected"));
      resolve({ settled: -1 });
    }
    return super.then(resolve, reject);
  }
}
module.exports = function (ctx, cb) {
  Object.defineProperty(Promise, Symbol.species, { get: () => Spy });
  Promise.prototype.constructor = Spy;
  const answer = Spy.resolve(1);
  answer.then((value) => cb(null, value), cb);
  return answer;
};
