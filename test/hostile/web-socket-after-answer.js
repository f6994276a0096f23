// expect: {"top":"error 1006","earlier":null}
// WebSockets at the top level, which belongs to no invocation, and after the answer.
const told = [];
const top = new WebSocket("ws://127.0.0.1:1/");
const topEnd = new Promise((resolve) => {
  top.addEventListener("error", ({ type }) => told.push(type));
  top.addEventListener("close", ({ code }) => resolve(`${told} ${code}`));
});
let after = null;

module.exports = async () => {
  const earlier = after;
  setTimeout(() => {
    after = new WebSocket("ws://host.example/after-answer");
  }, 5);
  return { top: await topEnd, earlier };
};
