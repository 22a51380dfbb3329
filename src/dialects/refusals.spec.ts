import { describe, expect, it } from '@jest/globals';
import { kernelId, refusalCases } from '../../test/support/refusals.js';
import { refusals as livy } from './livy/refusals.js';
import { refusals as nexosis } from './nexosis/wire/refusals.js';
import { refusalKinds } from './qiskit-runtime/refusal-kinds.js';
import { refusals as qiskit } from './qiskit-runtime/refusals.js';
import { answerTo } from './refusals.js';

/** Words of one dialect or of the operator API. They mean nothing to the users of another. */
const ofIbm =
  /(max|active|interactive|unused|heartbeat)_ttl|max_execution_time|\bcost\b|accepting_jobs|program_id|calibration_id|\bparams\b|lone job|dedicated|\bdrain\b/;
const ofOperators = /PATCH|\/api\/v1|\/admin|options\.|expires_at|STINT_/;
const ofLivy = /idleTimeout|\bttl\b|statement|interpreter|heartbeatTimeout/;
const ofNexosis = /api-key|data set|forecast session|calculat/;

describe("a refusal uses none of another dialect's words:", () => {
  it.each(refusalCases)('$refusal.message', ({ refusal }) => {
    const { message, solution } = answerTo(qiskit, refusal);
    expect(`${message} ${solution}`).not.toMatch(ofLivy);
    expect(`${message} ${solution}`).not.toMatch(ofNexosis);
    const [, msg] = answerTo(livy, refusal);
    for (const others of [ofIbm, ofOperators, ofNexosis]) expect(msg).not.toMatch(others);
    const [, , text] = answerTo(nexosis, refusal);
    for (const others of [ofIbm, ofOperators, ofLivy]) expect(text).not.toMatch(others);
  });
});

describe('a refusal has a status that clients do not retry:', () => {
  it.each(refusalCases)('$code', ({ refusal }) => {
    const [usual] = refusalKinds[answerTo(qiskit, refusal).kind];
    for (const status of [usual, answerTo(livy, refusal)[0]])
      expect([status >= 400, status < 500]).toEqual([true, true]);
    // 503 means that no backend is available.
    const [status, type] = answerTo(nexosis, refusal);
    expect([status >= 400, status < 500 || type === 'Unavailable']).toEqual([true, true]);
  });
});

it('no refusal of Livy contains an id of the kernel, because its users know only numbers', () => {
  for (const { refusal } of refusalCases) expect(answerTo(livy, refusal)[1]).not.toContain(kernelId);
});

it('the message of every refusal names its code and all its parameters, for the log', () => {
  for (const { code, refusal } of refusalCases) {
    expect(refusal.message).toContain(code.replaceAll('_', ' '));
    for (const name of Object.keys(refusal.params)) expect(refusal.message).toContain(`${name}: `);
  }
});
