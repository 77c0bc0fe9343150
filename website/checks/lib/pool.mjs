/** Does the same with many items, a few at a time. */

import os from 'node:os';

/** Calls `work(item, worker)` for every item; `workers` are used by one item at a time. */
export async function pool(items, workers, work) {
  const waiting = [...items];
  const each = async (worker) => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item, worker);
  };
  await Promise.all(workers.map(each));
}

/** How many at a time. */
export const WIDTH = Math.max(2, os.availableParallelism());
