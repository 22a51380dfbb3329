/**
 * What must be true of the ledger and of every stored sum of it (semantics: usage). Each law is a statement that
 * returns the rows that break it, with the stored value and the one derived from the entries and from the jobs' own
 * times. No law uses intermediate results of the service.
 */
export interface Law {
  readonly name: string;
  readonly says: string;
  /** Unit of `stored` and `derived`: milliseconds, or a plain number or text. */
  readonly unit: 'time' | 'plain';
  /** Selects `subject`, `stored` and `derived`. */
  readonly sql: string;
}

/** The end of what has not ended yet. */
const openEnd = '9007199254740991';

/** Every charged use of a slot, past or present; a present one has no end. */
const slotUses = `
  SELECT 'entry ' || id AS subject, kind, backend, slot, session, "from", "to" FROM ledger
  UNION ALL SELECT 'the open hold of session ' || id, 'hold', backend, slot, id, held_since, ${openEnd}
    FROM sessions WHERE held_since IS NOT NULL
  UNION ALL SELECT 'running job ' || id, 'job', backend, slot, session, started_at, ${openEnd}
    FROM jobs WHERE state = 'running' AND mode <> 'dedicated'`;
const before = 'ORDER BY "from", "to", subject ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING';
const sumOf = (column: string) =>
  `(SELECT ${column} AS id, SUM("to" - "from") AS sum FROM ledger WHERE ${column} IS NOT NULL GROUP BY ${column})`;
const jobsIn = (state: string, column: string, what: string) =>
  `(SELECT ${column} AS id, ${what} AS n FROM jobs WHERE state = '${state}' AND ${column} IS NOT NULL GROUP BY ${column})`;

export const ledgerLaws: readonly Law[] = [
  {
    name: 'entries whole',
    says: "an entry ends after its start, not later than the latest change, and is either a hold or a job's charge",
    unit: 'plain',
    sql: `SELECT 'entry ' || id AS subject, kind || ' of ' || quote("from") || ' to ' || quote("to") AS stored,
        'a hold of a session or a charge of a job, with a beginning, then an end' AS derived
      FROM ledger WHERE typeof("from") <> 'integer' OR typeof("to") <> 'integer' OR "from" < 0 OR "to" <= "from" OR slot < 0
        OR "to" > (SELECT CAST(value AS INTEGER) FROM facts WHERE "key" = 'alive_at')
        OR NOT ((kind = 'hold' AND session IS NOT NULL AND job IS NULL) OR (kind = 'job' AND job IS NOT NULL))`,
  },
  {
    name: 'entries kept',
    says: 'no entry was ever removed: the number of entries is the number written',
    unit: 'plain',
    sql: `SELECT 'ledger' AS subject, stored || ' entries' AS stored, derived || ' were written' AS derived FROM (
        SELECT (SELECT COUNT(*) FROM ledger) AS stored,
          COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'ledger'), 0) AS derived) WHERE stored <> derived`,
  },
  {
    name: 'entries owned',
    says: 'an entry belongs to an instance, and to a session or job of the same owner on the same backend',
    unit: 'plain',
    sql: `SELECT 'entry ' || l.id AS subject, concat_ws(' ', l.kind, l.backend, l.instance, l.user) AS stored,
        CASE WHEN i.id IS NULL THEN 'there is no such instance'
          WHEN l.session IS NOT NULL AND s.id IS NULL THEN 'there is no session ' || l.session
          ELSE concat_ws(' ', COALESCE(s.mode, j.mode), COALESCE(j.backend, s.backend), COALESCE(j.instance, s.instance),
            COALESCE(j.charged_to, j.user, s.user)) END AS derived
      FROM ledger l LEFT JOIN instances i ON i.id = l.instance LEFT JOIN sessions s ON s.id = l.session
        LEFT JOIN jobs j ON j.id = l.job
      WHERE i.id IS NULL OR (l.session IS NOT NULL AND s.id IS NULL)
        OR s.backend <> l.backend OR s.instance <> l.instance OR (s.mode = 'dedicated') <> (l.kind = 'hold')
        OR (l.kind = 'hold' AND s.user <> l.user)
        OR j.backend <> l.backend OR j.instance <> l.instance OR COALESCE(j.charged_to, j.user) <> l.user
        OR (j.id IS NOT NULL AND j.session IS NOT l.session)`,
  },
  {
    name: 'one hold a slot',
    says: "a slot has at most one hold at any moment, and no other session's job runs during a hold",
    unit: 'time',
    sql: `SELECT subject || ' on slot ' || slot || ' of ' || backend AS subject, "from" AS stored,
        MAX(COALESCE(held, 0), COALESCE(used, 0)) AS derived
      FROM (SELECT *, MAX(CASE kind WHEN 'hold' THEN "to" END) OVER earlier AS held,
          CASE kind WHEN 'hold' THEN MAX(CASE kind WHEN 'job' THEN "to" END) OVER earlier END AS used
        FROM (${slotUses}) WINDOW earlier AS (PARTITION BY backend, slot ${before}))
      WHERE held > "from" OR used > "from"`,
  },
  {
    name: 'one hold a session',
    says: 'a session holds one slot at a time',
    unit: 'time',
    sql: `SELECT subject || ' of session ' || session AS subject, "from" AS stored, until AS derived
      FROM (SELECT *, MAX("to") OVER (PARTITION BY session ${before}) AS until FROM (${slotUses}) WHERE kind = 'hold')
      WHERE until > "from"`,
  },
  {
    name: 'hold inside session',
    says: 'a hold begins with a job of its session and ends with the session or its last job',
    unit: 'time',
    sql: `SELECT 'entry ' || l.id AS subject, CASE WHEN l."from" < s.started_at THEN l."from" ELSE l."to" END AS stored,
        CASE WHEN l."from" < s.started_at THEN s.started_at ELSE MAX(s.closed_at, COALESCE(s.last_job_completed, 0)) END AS derived
      FROM ledger l JOIN sessions s ON s.id = l.session
      WHERE l.kind = 'hold' AND (s.started_at IS NULL OR l."from" < s.started_at OR
        (s.closed_at IS NOT NULL AND l."to" > MAX(s.closed_at, COALESCE(s.last_job_completed, 0)) AND s.running_jobs = 0))`,
  },
  {
    name: 'job inside hold',
    says: 'a job of a dedicated session ran while its session held the slot',
    unit: 'plain',
    sql: `SELECT 'job ' || j.id AS subject, 'ran from ' || j.started_at || ' to ' || j.ended_at AS stored,
        'no hold of session ' || j.session || ' covers it' AS derived
      FROM jobs j JOIN sessions s ON s.id = j.session
        LEFT JOIN ledger l ON l.session = j.session AND l.kind = 'hold' AND l."from" <= j.started_at AND l."to" >= j.ended_at
      WHERE j.mode = 'dedicated' AND j.used > 0 AND l.id IS NULL AND NOT COALESCE(s.held_since <= j.started_at, 0)`,
  },
  {
    name: 'job usage',
    says: 'a job used the time from the start of its last attempt to its end',
    unit: 'time',
    sql: `SELECT 'job ' || id AS subject, used AS stored, COALESCE(ended_at - started_at, 0) AS derived FROM jobs
      WHERE used IS NOT COALESCE(ended_at - started_at, 0)`,
  },
  {
    name: 'job charge',
    says: 'a lone or batch job was charged once, for what it used',
    unit: 'time',
    sql: `SELECT 'job ' || j.id AS subject, COALESCE(l.sum, 0) AS stored, CASE j.mode WHEN 'dedicated' THEN 0 ELSE j.used END AS derived
      FROM jobs j LEFT JOIN ${sumOf('job')} l ON l.id = j.id
      WHERE COALESCE(l.sum, 0) IS NOT CASE j.mode WHEN 'dedicated' THEN 0 ELSE j.used END
      UNION ALL SELECT 'job ' || job, SUM("to" - "from"), MAX("to" - "from") FROM ledger WHERE job IS NOT NULL
      GROUP BY job HAVING COUNT(*) > 1
      UNION ALL SELECT 'entry ' || l.id, l."from", j.started_at FROM ledger l JOIN jobs j ON j.id = l.job
      WHERE l."from" IS NOT j.started_at`,
  },
  {
    name: 'session usage',
    says: "a session used what its entries come to: its holds, or its jobs' time on lanes",
    unit: 'time',
    sql: `SELECT 'session ' || s.id AS subject, s.used AS stored, COALESCE(l.sum, 0) AS derived
      FROM sessions s LEFT JOIN ${sumOf('session')} l ON l.id = s.id WHERE s.used IS NOT COALESCE(l.sum, 0)`,
  },
  {
    name: 'session accrual',
    says: 'the counters of what a session is charged for now match its running jobs and its hold',
    unit: 'plain',
    sql: `SELECT 'running jobs of session ' || s.id AS subject, s.running_jobs AS stored, COALESCE(r.n, 0) AS derived
      FROM sessions s LEFT JOIN ${jobsIn('running', 'session', 'COUNT(*)')} r ON r.id = s.id
      WHERE s.running_jobs IS NOT COALESCE(r.n, 0)
      UNION ALL SELECT 'running starts of session ' || s.id, s.running_starts, COALESCE(r.n, 0)
      FROM sessions s LEFT JOIN ${jobsIn('running', 'session', 'SUM(started_at)')} r ON r.id = s.id
      WHERE s.running_starts IS NOT COALESCE(r.n, 0)
      UNION ALL SELECT 'hold of session ' || id, 'held since ' || held_since, 'holds no slot' FROM sessions
      WHERE held_since IS NOT NULL AND (slot IS NULL OR mode <> 'dedicated')`,
  },
  {
    name: 'instance counter',
    says: "an instance's total charge is the sum of its entries",
    unit: 'time',
    sql: `SELECT 'instance ' || i.name AS subject, i.charged AS stored, COALESCE(l.sum, 0) AS derived
      FROM instances i LEFT JOIN ${sumOf('instance')} l ON l.id = i.id WHERE i.charged IS NOT COALESCE(l.sum, 0)`,
  },
  {
    name: 'running total',
    says: "the running total of each entry is the sum of its instance's entries up to this one",
    unit: 'time',
    sql: `SELECT 'entry ' || id AS subject, total AS stored, sum AS derived FROM
        (SELECT id, total, SUM("to" - "from") OVER (PARTITION BY instance ORDER BY id) AS sum FROM ledger)
      WHERE total IS NOT sum`,
  },
  {
    name: 'budget window',
    says: 'the running totals give the charge of any window, because later entries end later',
    unit: 'time',
    sql: `SELECT 'entry ' || id AS subject, total AS stored, sum AS derived FROM
        (SELECT id, total, SUM("to" - "from") OVER (PARTITION BY instance ORDER BY "to", id) AS sum FROM ledger)
      WHERE total IS NOT sum`,
  },
  {
    name: 'queue counters',
    says: 'the queue counters match the queued jobs',
    unit: 'plain',
    sql: `SELECT 'backend ' || b.name AS subject, b.queued_jobs AS stored, COALESCE(q.n, 0) AS derived
      FROM backends b LEFT JOIN ${jobsIn('queued', 'backend', 'COUNT(*)')} q ON q.id = b.name
      WHERE b.queued_jobs IS NOT COALESCE(q.n, 0)
      UNION ALL SELECT 'session ' || s.id, s.queued_jobs, COALESCE(q.n, 0)
      FROM sessions s LEFT JOIN ${jobsIn('queued', 'session', 'COUNT(*)')} q ON q.id = s.id
      WHERE s.queued_jobs IS NOT COALESCE(q.n, 0)`,
  },
  {
    name: 'all usage',
    says: 'the sum of the ledger is the usage of all sessions and lone jobs, deleted lone jobs included',
    unit: 'time',
    sql: `SELECT 'ledger' AS subject, stored, derived FROM (SELECT
        (SELECT COALESCE(SUM("to" - "from"), 0) FROM ledger) AS stored,
        (SELECT COALESCE(SUM(used), 0) FROM sessions) + (SELECT COALESCE(SUM(used), 0) FROM jobs WHERE mode = 'job') +
        (SELECT COALESCE(SUM(l."to" - l."from"), 0) FROM ledger l LEFT JOIN jobs j ON j.id = l.job
          WHERE l.session IS NULL AND j.id IS NULL) AS derived) WHERE stored <> derived`,
  },
];
