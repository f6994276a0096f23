// expect: {"most":"EGRESS_LIMIT"}
module.exports = async function (ctx) {
  let depth = 0;
  const signal = {
    get aborted() {
      if (depth++ < 100) send();
      return false;
    },
    addEventListener() {
      if (depth++ < 200) send();
    },
    removeEventListener() {
      throw new Error("not removed");
    },
  };
  let most;
  const send = () => {
    fetch("http://host.example/hang", { signal }).catch((error) => {
      most = error.code;
    });
  };
  send();
  await new Promise((resolve) => setTimeout(resolve, 20));
  return { most };
};
