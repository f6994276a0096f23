// expect: {"message":"fetch failed","cause":"redirect count exceeded"}
module.exports = async () => {
  try {
    await fetch("http://host.example/again");
  } catch ({ message, cause }) {
    return { message, cause: cause.message };
  }
};
