/* As much of Node's runner of tests as Node's own tests of its library ask for: what is named runs, in order. */
"use strict";

const assert = require("assert");
const common = require("./common.cjs");

/* Runs what is described in a group after what was described before it. */
class Group {
  hooks = { before: [], after: [], beforeEach: [], afterEach: [] };

  constructor(outer, ready) {
    this.outer = outer;
    this.last = ready;
  }

  add(run) {
    const before = this.last;
    this.last = (async () => {
      await before;
      await run();
    })();
    return this.last;
  }

  async each(name, context) {
    await this.outer?.each(name, context);
    for (const hook of this.hooks[name]) await hook(context);
  }
}

let current = new Group(undefined, Promise.resolve());

const partsOf = (parameters) => ({
  run: parameters.findLast((each) => typeof each === "function"),
  options: parameters.find((each) => typeof each === "object" && each) ?? {},
});

/* A function that takes a callback is done when it calls that. */
const settled = (run, self, parameters) =>
  run.length > parameters.length
    ? new Promise((resolve, reject) =>
        run.call(self, ...parameters, (error) =>
          error ? reject(error) : resolve(),
        ),
      )
    : run.apply(self, parameters);

function addTest(group, parameters) {
  const { run, options } = partsOf(parameters);
  if (!run || options.skip || options.todo) return Promise.resolve();
  const finished = common.mustCall();
  return group.add(async () => {
    const inner = new Group(group, Promise.resolve());
    const after = [];
    const context = {
      assert,
      name: String(parameters[0]),
      signal: new AbortController().signal,
      test: (...rest) => addTest(inner, rest),
      after: (hook) => after.push(hook),
      before: (hook) => inner.add(hook),
      beforeEach: (hook) => inner.hooks.beforeEach.push(hook),
      afterEach: (hook) => inner.hooks.afterEach.push(hook),
      diagnostic: () => undefined,
      skip: () => undefined,
      todo: () => undefined,
    };
    await group.each("beforeEach", context);
    await settled(run, context, [context]);
    await inner.last;
    for (const hook of after) await hook(context);
    await group.each("afterEach", context);
    finished();
  });
}

function describe(...parameters) {
  const { run, options } = partsOf(parameters);
  if (!run || options.skip || options.todo) return Promise.resolve();
  const finished = common.mustCall();
  const outer = current;
  return outer.add(async () => {
    const described = Promise.withResolvers();
    const group = new Group(outer, described.promise);
    current = group;
    try {
      await run({});
    } finally {
      current = outer;
    }
    for (const hook of group.hooks.before) await hook({});
    described.resolve();
    await group.last;
    for (const hook of group.hooks.after) await hook({});
    finished();
  });
}

const test = (...parameters) => addTest(current, parameters);
const hook = (name) => (run) =>
  current.hooks[name].push((context) => settled(run, context, [context]));

for (const each of [test, describe]) {
  each.skip = () => Promise.resolve();
  each.todo = () => Promise.resolve();
  each.only = each;
}

module.exports = Object.assign(test, {
  test,
  it: test,
  describe,
  suite: describe,
  before: hook("before"),
  after: hook("after"),
  beforeEach: hook("beforeEach"),
  afterEach: hook("afterEach"),
});
