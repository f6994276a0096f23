// expect: {"deep":"RangeError","getter":"mine","proxy":"DataCloneError"}
module.exports = function (cb) {
  const attempt = (work) => {
    try {
      return work();
    } catch (error) {
      return error.name;
    }
  };
  let nested = {};
  for (let i = 0; i < 200_000; i++) nested = { nested };
  const deep = attempt(() => structuredClone(nested));
  const thrown = {
    get a() {
      throw { name: "mine" };
    },
  };
  const getter = attempt(() => structuredClone(thrown));
  const proxy = new Proxy(
    {},
    {
      get: () => proxy,
      ownKeys: () => ["a"],
      getOwnPropertyDescriptor: () => ({
        value: proxy,
        enumerable: true,
        configurable: true,
      }),
    },
  );
  cb(null, {
    deep,
    getter,
    proxy: attempt(() => structuredClone(proxy)),
  });
};
