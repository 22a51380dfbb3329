import { inWords, operatorWords, type Words } from '../words.js';

const id = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';

const words: Words = [
  ...operatorWords,
  [
    /Open a new session, or send PATCH with accepting_jobs true while this one is not closed\./g,
    'Open a new session.',
  ],
  [/Open a new session and submit the job there\./g, 'Open a new session and run the code there.'],
  [
    /does not allow dedicated sessions\. (Submit lone jobs instead\.|It allows: [^.]*\.)/g,
    'does not allow interactive sessions. Submit a batch instead.',
  ],
  [/The rule is interactive_ttl ≤ active_ttl ≤ max_ttl\./g, 'The rule is idleTimeout ≤ ttl.'],
  [/Only a queued or running job can be cancelled\./g, 'Only what waits or runs can be cancelled.'],
  [new RegExp(`\\bSession ${id}`, 'g'), 'The session'],
  [new RegExp(`\\b(no session) ${id}`, 'g'), '$1 of that number'],
  [new RegExp(`\\b(?:Job|job) ${id}`, 'g'), 'It'],
  [/\baccepts no more jobs\b/g, 'accepts no more statements'],
  [/\baccepts no jobs and has none left\b/g, 'accepts no more statements and has none left'],
  [/ \((?:unused_ttl|heartbeat_ttl) expired\)/g, ''],
  [/\bmax_execution_time(?: \(cost\))?/g, 'time limit'],
  [/\bmax_ttl\b/g, 'ttl'],
  [/\binteractive_ttl\b/g, 'idleTimeout'],
  [/\bheartbeat_ttl\b/g, 'heartbeatTimeoutInSecond'],
  [/\bactive_ttl\b/g, 'limit on its active time'],
];

/** What the kernel says, by the names that Livy's clients gave to things. */
export const inLivysWords = (text: string): string => inWords(text, words);
