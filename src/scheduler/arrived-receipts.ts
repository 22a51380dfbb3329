import type { AnswerMemory } from './process-memory.ports.js';
import type { UnitOfWork } from './unit-of-work.js';

/**
 * Removes the receipts whose answers arrived, as part of another change, to save a commit. If that change fails, the
 * receipts still exist and stay in `leaving`.
 */
export async function removeArrivedReceipts(unit: UnitOfWork, answers: AnswerMemory): Promise<void> {
  if (answers.arrived.size === 0) return;
  const subjects = [...answers.arrived];
  answers.arrived.clear();
  for (const subject of subjects) answers.leaving.add(subject);
  await unit.tx.receipts.remove(subjects);
  unit.afterCommit(() => subjects.forEach((subject) => answers.leaving.delete(subject)));
}
