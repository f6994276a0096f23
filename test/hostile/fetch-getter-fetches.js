// expect: {"most":"EGRESS_LIMIT"}
module.exports = async function (ctx) {
  let depth = 0;
  const init = {
    get method() {
      if (depth++ < 100) send();
      return "GET";
    },
    get headers() {
      if (depth++ < 200) send();
      return {};
    },
  };
  let most;
  const send = () => {
    fetch("http://host.example/hang", init).catch((error) => {
      most = error.code;
    });
  };
  send();
  await new Promise((resolve) => setTimeout(resolve, 20));
  return { most };
};
