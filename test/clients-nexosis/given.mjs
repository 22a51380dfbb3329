/** Data for both kinds of sessions: a weekly pattern with a trend, and two clusters of points. */

/** Returns the n-th day of 2017. */
export const dayOf = (n) => new Date(Date.UTC(2017, 0, n)).toISOString().slice(0, 10);

const rhythm = [0, 3, 5, 4, 9, 12, 2];
/** Returns the sales of a day. From day 150 to 159 they are higher by 30. */
export const salesOn = (n) =>
  100 + n / 10 + rhythm[n % 7] + ((n * 37) % 11) / 10 + (n >= 150 && n < 160 ? 30 : 0);

export const sales = (days) =>
  Array.from({ length: days }, (_, i) => ({ day: dayOf(i + 1), sales: salesOn(i + 1) }));

export const points = (count) =>
  Array.from({ length: count }, (_, i) => {
    const far = i % 2;
    const [x, y] = [far * 5 + ((i * 13) % 10) / 10, far * 3 + ((i * 7) % 10) / 10];
    return { x, y, sum: 2 * x + 3 * y, kind: far ? 'far' : 'near' };
  });
