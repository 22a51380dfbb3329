import { budgetDeadlineOf, budgetReason, isUsedUp } from '../kernel/usage/budget.js';
import { Refusal } from '../kernel/refusal.js';
import type { Millis } from '../kernel/time.js';
import type { Instance } from './ports.js';
import type { UnitOfWork } from './unit-of-work.js';

/**
 * Checks an instance's budget and stores when to check it again. If the budget is used up, the instance's sessions
 * close as if they had expired, running jobs finish, and lone jobs wait until the window makes room (semantics: usage).
 */
export async function reviewBudget(unit: UnitOfWork, instance: string, at: Millis): Promise<void> {
  const { tx, fairShareWindow } = unit;
  const view = await tx.instances.budget(instance, at, fairShareWindow);
  if (view === null) return;
  if (isUsedUp(view)) {
    for (const session of await tx.sessions.notClosedOf(instance)) {
      await unit.changeSession(session, {
        ...({ type: 'close', at, code: 'budget_reached', reason: budgetReason(view.budget) } as const),
      });
    }
  }
  // Closing may have ended holds, which changes the rate.
  const after = (await tx.instances.budget(instance, at, fairShareWindow)) ?? view;
  await unit.saveBudgetDeadline(instance, budgetDeadlineOf(after, at));
}

/** Refuses to submit or to open with a used-up budget. */
export async function refuseIfUsedUp(unit: UnitOfWork, instance: Instance | null): Promise<void> {
  if (instance === null || instance.budget === null) return;
  const { tx, at, fairShareWindow } = unit;
  const view = await tx.instances.budget(instance.id, at, fairShareWindow);
  if (view === null || !isUsedUp(view)) return;
  const roomAt = await tx.instances.roomAt(instance.id, view, at, fairShareWindow);
  const { budget, rate } = view;
  throw new Refusal('budget_reached', { instance: instance.name, budget, roomAt, accruing: rate > 0 });
}
