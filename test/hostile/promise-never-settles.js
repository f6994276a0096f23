// expect: wall_time
module.exports = async () => new Promise(() => {});
