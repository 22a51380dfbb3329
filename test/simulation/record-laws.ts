import { isFinal } from '../../src/kernel/job/job.js';
import { auditLedger } from '../../src/storage/sqlite/ledger-audit.js';
import { rowsOf } from './stored-laws.js';
import type { World } from './world.js';

/** Laws on the records: they contain the whole history. */
export function checkRecords(world: World): void {
  checkAudit(world);
  checkEvents(world);
}

/** Runs the operator's `ledger verify`, which must find nothing. */
function checkAudit({ folder, laws }: World): void {
  for (const { law, differences, found } of auditLedger(folder).laws)
    if (differences > 0) laws.report('ledger verify', `${law}: ${JSON.stringify(found[0])}`);
}

/** Checks that the event log has the history of each session and job once, in order, and consistent with the rows. */
function checkEvents(world: World): void {
  const { shadow, laws } = world;
  const report = (what: string) => laws.report('events', what);
  const history = { sessions: new Map<string, string[]>(), ends: new Map<string, string[]>() };
  let latest = 0;
  for (const row of rowsOf(world, 'SELECT * FROM events ORDER BY id')) {
    const [of, what] = String(row.type).split('.');
    const [at, processed] = [Number(row.at), Number(row.processed_at)];
    if (processed < latest)
      report(`event ${row.id} was written ${latest - processed} ms before the one before it`);
    if (at > processed) report(`event ${row.id} took effect ${at - processed} ms after it was written`);
    latest = processed;
    const line = `${what} ${at}`;
    if (of === 'session' && isState(what)) add(history.sessions, String(row.session), line);
    if (of === 'job' && isEnd(what)) add(history.ends, String(row.job), line);
  }
  for (const { id, timestamps } of shadow.sessions.values()) {
    const expected = timestamps.map(({ status, at }) => `${status} ${at}`).join(', ');
    const found = (history.sessions.get(id) ?? []).join(', ');
    if (found !== expected) report(`${id} was ${expected}; its events say ${found}`);
  }
  for (const { id, state, endedAt } of shadow.jobs.values()) {
    const expected = isFinal(state) ? `${state} ${endedAt}` : '';
    const found = (history.ends.get(id) ?? []).join(', ');
    if (found !== expected) report(`${id} ended ${expected || 'not yet'}; its events say ${found}`);
  }
}

const isState = (what: string | undefined) => ['open', 'active', 'inactive', 'closed'].includes(what ?? '');
const isEnd = (what: string | undefined) => ['completed', 'failed', 'cancelled'].includes(what ?? '');

function add(to: Map<string, string[]>, key: string, line: string): void {
  const lines = to.get(key);
  if (lines === undefined) to.set(key, [line]);
  else lines.push(line);
}
