// Runs small programs of all that puts work off, and tells in which order their steps ran; the same in plain Node.
/* oxlint-disable -- written as programs are, odd ones included */
const { AsyncResource } = require("async_hooks");
const events = require("events");
const timers = require("timers/promises");

const waysToPutOff = {
  tick: (run) => process.nextTick(run),
  micro: (run) => queueMicrotask(run),
  then: (run) => Promise.resolve().then(run),
  chain: (run) =>
    Promise.resolve()
      .then(() => {})
      .then(() => {})
      .finally(() => {})
      .then(run),
  nested: (run) => Promise.resolve(Promise.resolve().then(() => {})).then(run),
  thenable: (run) => Promise.resolve({ then: (done) => done() }).then(run),
  returned: (run) => (async () => (async () => {})())().then(() => run()),
  rejected: (run) => Promise.reject(new Error("e")).catch(run),
  all: (run) => Promise.all([null, Promise.resolve()]).then(run),
  awaited: async (run) => {
    await null;
    run();
  },
  loop: async (run) => {
    for (let at = 0; at < 12; at++) await at;
    run();
  },
  iterated: async (run) => {
    for await (const _ of [1, Promise.resolve(2)]);
    run();
  },
  immediate: (run) => setImmediate(run),
  immediatePromise: (run) => timers.setImmediate().then(run),
  resource: (run) =>
    new AsyncResource("x").runInAsyncScope(() => process.nextTick(run)),
  once: (run) => {
    const emitter = new events();
    events.once(emitter, "e").then(run);
    process.nextTick(() => emitter.emit("e"));
  },
  stream: async (run) => {
    const { Readable } = require("stream");
    for await (const _ of Readable.from(["a", "b"]));
    run();
  },
};

const countOf = (steps) =>
  steps.reduce((count, [, after]) => count + 1 + countOf(after), 0);

/* A step is a way to put off, and the steps it takes when it runs. */
function trace(steps, begin) {
  return new Promise((resolve) => {
    const order = [];
    let left = countOf(steps);
    const start = (list, path) =>
      list.forEach(([way, after], at) => {
        const name = `${path}${at}${way}`;
        waysToPutOff[way](() => {
          order.push(name);
          start(after, `${name}/`);
          if (--left === 0) resolve(order);
        });
      });
    begin(() => {
      start(steps, "");
      order.push("end");
      if (left === 0) resolve(order);
    });
  });
}

/* In an immediate, in a timer, and where the program before ended. */
const beginnings = [setImmediate, (run) => setTimeout(run, 1), (run) => run()];

module.exports = async (programs) => {
  const traces = [];
  for (const steps of programs)
    for (const begin of beginnings) traces.push(await trace(steps, begin));
  return traces;
};
module.exports.ways = Object.keys(waysToPutOff);
