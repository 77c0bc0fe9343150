/** Webpack loader for `x.cast?meta`: only the size and the length of a recording, not the recording itself. */
module.exports = function castMeta(source) {
  const [head, ...rest] = source.trim().split('\n');
  const {version, width, height, term = {}} = JSON.parse(head);
  const times = rest.filter((line) => line.startsWith('[')).map((line) => JSON.parse(line)[0]);
  // Version 2 stamps events with the time since the start, version 3 with the time since the event before. Pauses
  // count as one second at most, as the player cuts them.
  const gaps = version === 3 ? times : times.map((time, index) => time - (times[index - 1] ?? 0));
  const seconds = Math.round(gaps.reduce((sum, gap) => sum + Math.min(gap, 1), 0));
  const meta = {cols: width ?? term.cols, rows: height ?? term.rows, seconds};
  return `export default ${JSON.stringify(meta)};`;
};
