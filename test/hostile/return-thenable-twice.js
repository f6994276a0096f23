// expect: {"first":true}
module.exports = async function (ctx) {
  return {
    then(resolve, reject) {
      resolve({ first: true });
      resolve({ second: true });
      reject(new Error("third"));
      throw new Error("fourth");
    },
  };
};
