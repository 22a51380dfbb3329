/** Stands in for the package of this name, an ES module that @fastify/static requires and only a download would use. */
module.exports = {
  create: () => {
    throw new Error('No route of this service is a download.');
  },
};
