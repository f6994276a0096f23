/* What Node's tests ask of `common/countdown`, written anew: calls back when it was told often enough. */
"use strict";

const assert = require("assert");
const common = require("./common.cjs");

module.exports = class Countdown {
  #left;
  #done;

  constructor(count, done) {
    assert.strictEqual(typeof done, "function");
    this.#left = count;
    this.#done = common.mustCall(done);
  }

  dec() {
    assert(this.#left > 0, "the countdown is over");
    if (--this.#left === 0) this.#done();
    return this.#left;
  }

  get remaining() {
    return this.#left;
  }
};
