/** Returns the value below which the share `q` of the values lies. Every figure in the table is such a quantile. */
export function quantile(values, q) {
  if (values.length === 0) return Number.NaN;
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
}

export const median = (values) => quantile(values, 0.5);

/** Half the range of all rounds relative to their median: a measure of how noisy the machine was. */
export const spread = (values) => (Math.max(...values) - Math.min(...values)) / 2 / median(values);

/** Returns the times between the end of each job and the start of the next. */
export const gapsBetween = (jobs) =>
  jobs.slice(1).map((job, index) => Math.max(0, job.startedAt - jobs[index].endedAt));
