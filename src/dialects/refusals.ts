import type { Refusal, RefusalCode, Refusals } from '../kernel/refusal.js';

/** A dialect's answer to each refusal. It has all of them, or it does not compile. */
export type RefusalTable<Answer> = { readonly [C in RefusalCode]: (params: Refusals[C]) => Answer };

/** What the dialect with this table says to the refusal. */
export const answerTo = <Answer, C extends RefusalCode>(
  table: RefusalTable<Answer>,
  { code, params }: Refusal<C>,
): Answer => table[code](params);

/** Codes that only the operator API can bring about. The clients of another dialect have no call that meets them. */
export const operatorCodes = [
  'period_reversed',
  'expiry_past',
  'unknown_instance',
  'unknown_crn',
  'unknown_token',
  'backend_exists',
  'backend_in_use',
  'instance_exists',
  'instance_name_reserved',
  'wrong_clock',
  'unknown_driver',
  'driver_unavailable',
  'unknown_option',
  'option_invalid',
  'option_exceeded',
  'device_missing',
  'unknown_device',
  'device_unreadable',
] as const satisfies readonly RefusalCode[];
export type OperatorCode = (typeof operatorCodes)[number];

/** The part of a table for those codes: one answer for all. */
export const toOperators = <Answer>(answer: Answer) =>
  Object.fromEntries(operatorCodes.map((code) => [code, () => answer])) as Readonly<
    Record<OperatorCode, () => Answer>
  >;
