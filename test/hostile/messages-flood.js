// expect: wall_time memory threw
// Two ports that answer each other for ever hold nobody but their own call.
module.exports = function (cb) {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = ({ data }) => port1.postMessage(data);
  port2.onmessage = ({ data }) => port2.postMessage(data);
  port1.postMessage({ list: new Array(1000).fill("x") });
};
