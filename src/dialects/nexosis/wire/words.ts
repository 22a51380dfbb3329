import { inWords, operatorWords, type Words } from '../../words.js';

const id = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';

const words: Words = [
  ...operatorWords,
  [
    /Only a queued or running job can be cancelled\./g,
    'Only a requested or started session can be cancelled.',
  ],
  [new RegExp(`\\bJob ${id}`, 'g'), 'The session'],
  [/\bmax_execution_time(?: \(cost\))?/g, 'time limit'],
];

/** What the kernel says, by the names that Nexosis clients know: a job is a session there. */
export const inNexosisWords = (text: string): string => inWords(text, words);
