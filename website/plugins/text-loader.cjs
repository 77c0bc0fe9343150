/** Webpack loader: a file's text as a module, whatever other rules say of its kind. */
module.exports = function textLoader(source) {
  return `export default ${JSON.stringify(source)};`;
};
