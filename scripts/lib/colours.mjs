/** Returns a program's output without its terminal colours. */
export const withoutColours = (text) => text.replace(/\u001b\[[0-9;]*m/g, '');
