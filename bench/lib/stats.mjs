/** Order statistics: every figure of the table is one of these. */
export function quantile(values, q) {
  if (values.length === 0) return Number.NaN;
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
}

export const median = (values) => quantile(values, 0.5);

/** Half the distance between the slowest and the fastest round, relative to the median: how noisy the machine was. */
export const spread = (values) => (Math.max(...values) - Math.min(...values)) / 2 / median(values);

/** Differences between the end of each job and the start of the one after it. */
export const gapsBetween = (jobs) =>
  jobs.slice(1).map((job, index) => Math.max(0, job.startedAt - jobs[index].endedAt));
