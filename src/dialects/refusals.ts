import type { Refusal, RefusalCode, Refusals } from '../kernel/refusal.js';

/** A dialect's answers to all refusals. A table that lacks a code does not compile. */
export type RefusalTable<Answer> = { readonly [C in RefusalCode]: (params: Refusals[C]) => Answer };

/** Returns a dialect's answer to a refusal. */
export const answerTo = <Answer, C extends RefusalCode>(
  table: RefusalTable<Answer>,
  { code, params }: Refusal<C>,
): Answer => table[code](params);

/** Codes that only calls of the operator API can cause. */
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

/** Returns a table that has the same answer for all of these codes. */
export const toOperators = <Answer>(answer: Answer) =>
  Object.fromEntries(operatorCodes.map((code) => [code, () => answer])) as Readonly<
    Record<OperatorCode, () => Answer>
  >;
