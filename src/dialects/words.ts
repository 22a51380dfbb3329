/** What the kernel calls by one name for all dialects, and how the users of one dialect call it. Earlier pairs go first. */
export type Words = readonly (readonly [said: RegExp, own: string])[];

export const inWords = (text: string, words: Words): string =>
  words.reduce((message, [said, own]) => message.replace(said, own), text);

/** What only operators can do, and says nothing to those who cannot. */
export const operatorWords: Words = [[/ \(PATCH \/api\/v1\/admin\/instances\)/g, '']];
