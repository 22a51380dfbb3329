/** Whole milliseconds: a moment (UTC epoch) or a duration. The API uses seconds; the kernel always uses this. */
export type Millis = number;

export const seconds = (n: number): Millis => Math.round(n * 1000);

/** Converts to seconds with millisecond precision, as the wire shows elapsed and charged time. */
export const toSeconds = (ms: Millis): number => Math.round(ms) / 1000;

/** Converts to whole seconds, rounded up, as the wire shows a remaining time to live. */
export const toWholeSeconds = (ms: Millis): number => Math.ceil(ms / 1000);
