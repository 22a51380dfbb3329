/** Whole milliseconds: a moment (UTC epoch) or a duration. The API speaks seconds, the kernel never does. */
export type Millis = number;

export const seconds = (n: number): Millis => Math.round(n * 1000);

/** Seconds with millisecond precision, as the wire shows elapsed and charged time. */
export const toSeconds = (ms: Millis): number => Math.round(ms) / 1000;

/** Whole seconds, rounded up, as the wire shows a remaining time to live. */
export const toWholeSeconds = (ms: Millis): number => Math.ceil(ms / 1000);
