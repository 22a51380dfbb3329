/** Replaces the package of this name, an ES module that @fastify/static requires but uses only for downloads. */
module.exports = {
  create: () => {
    throw new Error('No route of this service is a download.');
  },
};
