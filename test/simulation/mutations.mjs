/**
 * Deliberate mistakes in the kernel, by name. The simulator's loader changes the source while loading it; the files
 * stay unchanged. The simulation must find each mistake.
 */
export const mutations = {
  'foreign-job-in-hold': {
    file: 'src/kernel/choice/choose-jobs.ts',
    from: '(slot) => slot.holder === null && slot.reservedFor === null && slot.running < this.lanes,',
    to: '(slot) => slot.reservedFor === null && slot.running < this.lanes,',
    what: 'the choice of the next job ignores that a slot is held',
  },
  'reservation-ignored': {
    file: 'src/kernel/choice/choose-jobs.ts',
    from: '    const slot = this.sharedSlot();\n    return slot !== null && this.batches',
    to: '    const slot = this.slots.find(({ holder, running }) => holder === null && running < this.lanes) ?? null;\n    return slot !== null && this.batches',
    what: 'active batches start on the first slot that is not held, whether fullest or not, reserved or not',
  },
  'batch-on-reserved': {
    file: 'src/kernel/choice/choose-jobs.ts',
    from: '    const slot = this.sharedSlot();\n    return slot !== null && this.batches',
    to: '    const slot = this.slots.find((s) => s.reservedFor !== null && s.running < this.lanes) ?? this.sharedSlot();\n    return slot !== null && this.batches',
    what: 'active batches start on a slot that is reserved for another session, if there is one',
  },
  'lost-attempt-charged': {
    file: 'src/kernel/job/job.decide.ts',
    from: 'const lost = { ...job, startedAt: null, slot: null, token: null };',
    to: 'const lost = { ...job, used: job.used + at - (job.startedAt ?? at), startedAt: null, slot: null, token: null };',
    what: 'a job whose runner was lost is charged for the lost attempt',
  },
  'closed-interval': {
    file: 'src/kernel/session/session.decide.ts',
    from: 'return event.at < (clockEndOf(session, event.type) ?? Infinity);',
    to: 'return event.at <= (clockEndOf(session, event.type) ?? Infinity);',
    what: 'a session clock has not run out at its end, but only after it',
  },
  'late-by-one': {
    file: 'src/kernel/session/session.deadline.ts',
    from: '? session.idleSince + limits.interactiveTtl',
    to: '? session.idleSince + limits.interactiveTtl + 1',
    what: 'interactive_ttl runs out one millisecond late',
  },
  'no-fencing': {
    file: 'src/scheduler/runner-reports.ts',
    from: 'if (job === null || job.token !== token) {',
    to: 'if (job === null || job.token === null) {',
    what: 'a late message of a lost attempt counts for the next attempt',
  },
  'one-pending-too-many': {
    file: 'src/kernel/job/job.decide.ts',
    from: 'if (queued < most) return;',
    to: 'if (queued <= most) return;',
    what: 'an instance queues one job more than its plan allows',
  },
  'drain-forgotten': {
    file: 'src/kernel/session/session.machine.ts',
    from: "jobEnded: [drainable, 'active'],",
    to: "jobEnded: 'active',",
    what: 'a drained session does not close when its last job ends',
  },
  'effects-before-deadlines': {
    file: 'src/scheduler/commands.service.ts',
    from: 'if (!(await applyDueAndDispatch(unit))) return null;',
    to: '',
    what: 'a command runs before the due deadlines are applied',
  },
};
