import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { STORE, type EventFilter, type Store } from '../../src/scheduler/ports.js';
import { eventually } from '../support/eventually.js';
import { adminToken, errorOf, TestService } from '../support/http.js';

let stint: TestService;
let alice: Awaited<ReturnType<TestService['user']>>;
let bob: typeof alice;
beforeAll(async () => {
  stint = await TestService.start();
  alice = await stint.user('alice', 'lab-a');
  bob = await stint.user('bob', 'lab-b');
});
afterAll(() => stint.close());

interface Event {
  readonly id: number;
  readonly type: string;
  readonly at: string;
  readonly processed_at: string;
  readonly actor: string;
  readonly cause: string | null;
  readonly backend: string | null;
  readonly instance: string | null;
  readonly session_id: string | null;
  readonly job_id: string | null;
}

const opened = async (user = alice) =>
  ((await user.post('/sessions', { backend: 'b2', mode: 'batch' })).body as { id: string }).id;
const submitted = async (session_id: string, duration = 5, user = alice) =>
  (
    (await user.post('/jobs', { program_id: 'scripted', backend: 'b2', params: { duration }, session_id }))
      .body as { id: string }
  ).id;
const eventsOf = async (id: string, query = '', user = alice) =>
  (await user.get(`/sessions/${id}/events${query}`)).body as { events: Event[]; next: number | null };

const streams: AbortController[] = [];
afterEach(() => streams.splice(0).forEach((each) => each.abort()));

/** Listens to a stream. `take` returns the given number of next events. */
async function listen(path: string, token = alice.token, lastEventId?: number) {
  const controller = new AbortController();
  streams.push(controller);
  const answer = await fetch(`${stint.url}/api/v1${path}`, {
    headers: {
      authorization: `Bearer ${token}`,
      ...(lastEventId !== undefined && { 'last-event-id': String(lastEventId) }),
    },
    signal: controller.signal,
  });
  const events = read(answer);
  return {
    status: answer.status,
    type: answer.headers.get('content-type'),
    async take(count: number): Promise<Event[]> {
      const received: Event[] = [];
      while (received.length < count) received.push((await events.next()).value as Event);
      return received;
    },
  };
}

async function* read(answer: Response): AsyncGenerator<Event> {
  let text = '';
  for await (const chunk of answer.body ?? []) {
    text += Buffer.from(chunk as Uint8Array).toString();
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = Object.fromEntries(
        block
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
      );
      if (fields['data'] === undefined || fields['event'] === 'heartbeat') continue;
      const event = JSON.parse(fields['data']) as Event;
      if (fields['id'] !== String(event.id) || fields['event'] !== event.type)
        throw new Error(`Not the event that its data tell: ${block}`);
      yield event;
    }
  }
}

it('names unknown members of the request in the first event of a session', async () => {
  const { body } = await alice.post('/sessions', { backend: 'b2', mode: 'batch', max_time: 60, mode_: 1 });
  const { events } = await eventsOf((body as { id: string }).id);
  expect(events[0]).toMatchObject({ type: 'session.open' });
  expect(events[0]?.cause).toBe(
    "opened; 'max_time' is not known here and was ignored; the nearest is 'max_ttl'; " +
      "'mode_' is not known here and was ignored; the nearest is 'mode'",
  );
});

describe('the event log of a session', () => {
  it('contains every change with its cause, its actor and both times', async () => {
    const id = await opened();
    const job = await submitted(id);
    await stint.advance(5);
    await alice.delete(`/sessions/${id}/close`);
    const { events, next } = await eventsOf(id);
    expect(next).toBeNull();
    expect(events.map(({ type, actor, job_id }) => [type, actor, job_id])).toEqual([
      ['session.open', 'user alice', null],
      ['job.queued', 'user alice', job],
      ['job.running', 'scheduler', job],
      ['session.active', 'scheduler', null],
      ['job.completed', 'clock', job],
      ['session.closed', 'user alice', null],
    ]);
    expect(events.at(-1)).toMatchObject({ cause: 'closed by user alice', session_id: id });
    for (const { at, processed_at } of events) {
      expect(at).toMatch(/^\d{4}-.*Z$/);
      expect(Date.parse(processed_at)).toBeGreaterThanOrEqual(Date.parse(at));
    }
  });

  it('is returned in pages without gaps or repetitions', async () => {
    const id = await opened();
    for (let i = 0; i < 3; i += 1) await submitted(id, 0);
    const whole = (await eventsOf(id)).events.map((event) => event.id);
    const paged: number[] = [];
    for (let after: number | null = 0; after !== null;) {
      const { events, next }: { events: Event[]; next: number | null } = await eventsOf(
        id,
        `?limit=4&after=${after}`,
      );
      paged.push(...events.map((event) => event.id));
      after = next;
    }
    expect(whole.length).toBeGreaterThan(8);
    expect(paged).toEqual(whole);
  });

  it('is not found for another instance, and is complete for an admin', async () => {
    const id = await opened();
    expect(errorOf(await bob.get(`/sessions/${id}/events`))).toMatchObject({ status: 404, code: 1008 });
    expect((await stint.admin.get(`/sessions/${id}/events`)).body.events).toHaveLength(1);
  });

  it.each([
    ['?limit=0', /^limit must not be less than 1/],
    ['?limit=1001', /^limit must not be greater than 1000/],
    ['?after=-1', /^after must not be less than 0/],
    ['?after=x', /^after must/],
  ])('refuses %s: 400', async (query, message) => {
    const answer = await alice.get(`/sessions/${await opened()}/events${query}`);
    expect(answer.status).toBe(400);
    expect(answer.body.errors).toContainEqual({ code: 1002, message: expect.stringMatching(message) });
  });
});

describe('the stream of a session', () => {
  it('begins with the first event and sends each new event once and in order', async () => {
    const id = await opened();
    const stream = await listen(`/sessions/${id}/events/stream`);
    expect([stream.status, stream.type]).toEqual([200, expect.stringMatching(/^text\/event-stream/)]);
    expect((await stream.take(1)).map(({ type }) => type)).toEqual(['session.open']);
    await submitted(id);
    await stint.advance(5);
    await alice.delete(`/sessions/${id}/close`);
    const received = await stream.take(5);
    expect(received).toEqual((await eventsOf(id)).events.slice(1));
  });

  it('continues after the event in Last-Event-ID', async () => {
    const id = await opened();
    await submitted(id, 0);
    const { events } = await eventsOf(id);
    const again = await listen(`/sessions/${id}/events/stream`, alice.token, events[1]?.id);
    expect(await again.take(events.length - 2)).toEqual(events.slice(2));
    await alice.delete(`/sessions/${id}/close`);
    expect((await again.take(1)).map(({ type }) => type)).toEqual(['session.closed']);
  });

  it('ignores an invalid Last-Event-ID', async () => {
    const id = await opened();
    const headers = { 'last-event-id': 'the last one' };
    const controller = new AbortController();
    streams.push(controller);
    const answer = await fetch(`${stint.url}/api/v1/sessions/${id}/events/stream`, {
      headers: { authorization: `Bearer ${alice.token}`, ...headers },
      signal: controller.signal,
    });
    expect((await read(answer).next()).value).toMatchObject({ type: 'session.open' });
  });

  it('is refused like any other read, in the same form', async () => {
    const id = await opened();
    const path = `/sessions/${id}/events/stream`;
    expect(errorOf(await bob.get(path))).toMatchObject({ status: 404, code: 1008 });
    expect(errorOf(await alice.get('/sessions/s9/events/stream'))).toMatchObject({ status: 404 });
    expect(errorOf(await stint.call('GET', `/api/v1${path}`, { token: null }))).toMatchObject({
      status: 401,
    });
  });
});

describe('a client that does not read', () => {
  /** More bytes than the buffers at both ends of a connection hold. */
  const many = 60_000;

  it('has at most one page waiting for it, and misses no event when it reads again', async () => {
    const id = await opened();
    const path = `/api/v1/sessions/${id}/events/stream`;
    const last = flood(id, many);
    const read = countReads();
    const response = new Promise<ServerResponse>((resolve) =>
      stint.service.app.getHttpServer().on('request', (asked: IncomingMessage, answer: ServerResponse) => {
        if (asked.url === path) resolve(answer);
      }),
    );
    const { hostname, port } = new URL(stint.url);
    const socket = connect(Number(port), hostname).pause();
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: stint\r\nConnection: close\r\nAuthorization: Bearer ${alice.token}\r\n\r\n`,
    );
    try {
      const answer = await response;
      await eventually('the connection is full', () => answer.writableNeedDrain);
      const before = read.pages;
      // Other clients are served in the meantime.
      for (let i = 0; i < 50; i += 1) expect((await alice.get(`/sessions/${id}`)).status).toBe(200);
      expect(read.pages).toBeLessThanOrEqual(before + 1);
      expect(answer.writableLength).toBeLessThan(2 ** 20);
      const ids: number[] = [];
      for await (const line of createInterface({ input: socket })) {
        if (line.startsWith('id: ')) ids.push(Number(line.slice(4)));
        if (ids.at(-1) === last) break;
      }
      expect(ids.length).toBe(many + 1);
      expect(ids.every((each, i) => i === 0 || each > (ids[i - 1] ?? 0))).toBe(true);
    } finally {
      socket.destroy();
      read.restore();
    }
  });
});

/** Adds a large number of events to a session. Returns the id of the last one. */
function flood(session: string, count: number): number {
  const db = new Database(join(stint.folder, 'stint.sqlite'));
  db.prepare(
    `INSERT INTO events (type, at, processed_at, actor, cause, backend, instance, session)
     WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < ?)
     SELECT type, at, processed_at, actor, cause, backend, instance, session FROM n, events WHERE session = ? AND type = 'session.open'`,
  ).run(count, session);
  const { last } = db.prepare('SELECT MAX(id) AS last FROM events').get() as { last: number };
  db.close();
  return last;
}

/** Counts the reads of the event log. */
function countReads() {
  const { read } = stint.service.app.get<Store>(STORE);
  const { events } = read;
  const counted = { pages: 0, restore: () => void Object.assign(read, { events }) };
  Object.assign(read, {
    events: (filter: EventFilter) => {
      counted.pages += 1;
      return events(filter);
    },
  });
  return counted;
}

describe('the stream of all events', () => {
  it('sends new events of the own instance, and of all instances to an admin', async () => {
    await opened();
    const mine = await listen('/events');
    const all = await listen('/events', adminToken);
    const [theirs, ours] = [await opened(bob), await opened()];
    expect((await mine.take(1)).map(({ session_id }) => session_id)).toEqual([ours]);
    expect((await all.take(2)).map(({ session_id }) => session_id)).toEqual([theirs, ours]);
  });

  it('continues after Last-Event-ID, without the events of other instances', async () => {
    const id = await opened();
    const last = (await eventsOf(id)).events.at(-1)?.id ?? 0;
    const [, ours] = [await opened(bob), await opened()];
    const mine = await listen('/events', alice.token, last);
    expect((await mine.take(1)).map(({ session_id }) => session_id)).toEqual([ours]);
    const all = await listen('/events', adminToken, last);
    expect((await all.take(2)).map(({ id: at }) => at)).toEqual([last + 1, last + 2]);
  });

  it('needs a token', async () => {
    expect(errorOf(await stint.call('GET', '/api/v1/events', { token: null }))).toMatchObject({
      status: 401,
    });
  });

  it('does not prevent the service from stopping', async () => {
    const other = await TestService.start();
    const answer = await fetch(`${other.url}/api/v1/events`, {
      headers: { authorization: `Bearer ${adminToken}` },
    });
    await other.close();
    await expect(answer.text().catch(() => 'cut')).resolves.toEqual(expect.any(String));
  });
});

describe('an operator call', () => {
  const seen = ({ type, actor, cause, backend, instance }: Event) => ({
    type,
    actor,
    cause,
    backend,
    instance,
  });

  it('is an event in the stream, with its actor and instance', async () => {
    const all = await listen('/events', adminToken);
    const mine = await listen('/events');
    const b3 = { backend: 'b3', instance: null };
    await stint.admin.post('/admin/backends', { name: 'b3', driver: 'scripted' });
    await stint.admin.patch('/admin/backends/b3', { status: 'paused', reason: 'calibration' });
    await stint.admin.patch('/admin/backends/b3', { limits: { max_ttl: 60 } });
    await stint.admin.patch('/admin/instances/lab-b', { shares: 2 });
    const made = await stint.admin.post('/admin/tokens', { user: 'carol', instance: 'lab-a' });
    const { id } = made.body as { id: string };
    await stint.admin.delete(`/admin/tokens/${id}`);
    await stint.admin.delete('/admin/backends/b3');
    const [admin, about] = ['admin admin', `token ${id} of user carol`];
    const [ours, theirs] = [
      { backend: null, instance: 'lab-a' },
      { backend: null, instance: 'lab-b' },
    ];
    const acts = [
      { type: 'backend.created', actor: admin, cause: null, ...b3 },
      { type: 'backend.paused', actor: admin, cause: 'calibration', ...b3 },
      { type: 'backend.changed', actor: admin, cause: 'limits', ...b3 },
      { type: 'instance.changed', actor: admin, cause: 'shares', ...theirs },
      { type: 'token.created', actor: admin, cause: about, ...ours },
      { type: 'token.revoked', actor: admin, cause: about, ...ours },
      { type: 'backend.removed', actor: admin, cause: null, ...b3 },
    ];
    expect((await all.take(7)).map(seen)).toEqual(acts);
    // A user sees the events of their own instance and those that concern everybody.
    expect((await mine.take(6)).map(seen)).toEqual(acts.filter(({ instance }) => instance !== 'lab-b'));
  });

  it('that changes nothing is not an event', async () => {
    const last = (await eventsOf(await opened())).events.at(-1)?.id ?? 0;
    await stint.admin.patch('/admin/backends/b1', { status: 'online' });
    await stint.admin.patch('/admin/instances/lab-a', {});
    await opened();
    const all = await listen('/events', adminToken, last);
    expect((await all.take(1)).map(({ type }) => type)).toEqual(['session.open']);
  });

  it('does not affect the instance in the events of a session', async () => {
    const id = await opened(bob);
    expect((await eventsOf(id, '', bob)).events[0]).toMatchObject({ backend: 'b2', instance: 'lab-b' });
  });
});

describe('a stream ends when its token is revoked or expires', () => {
  const ended = async (path: string, token: string) => {
    const answer = await fetch(`${stint.url}/api/v1${path}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(answer.status).toBe(200);
    return { text: answer.text() };
  };
  const made = async (more: object = {}) =>
    (await stint.admin.post('/admin/tokens', { user: 'dora', instance: 'lab-a', ...more })).body as {
      id: string;
      token: string;
    };

  it.each(['/events', 'its session'])(
    'for %s: immediately when the token is revoked, without later events',
    async (path) => {
      const { id, token } = await made();
      const session = await opened();
      const stream = await ended(path === '/events' ? path : `/sessions/${session}/events/stream`, token);
      await stint.admin.delete(`/admin/tokens/${id}`);
      const later = await submitted(session);
      const text = await stream.text;
      expect([text.includes('token.revoked'), text.includes(later)]).toEqual([false, false]);
    },
  );

  it('at the time when the token expires', async () => {
    const now = (await stint.admin.get('/admin/clock')).body as { now: string };
    const { token } = await made({ expires_at: new Date(Date.parse(now.now) + 60_000).toISOString() });
    const stream = await ended('/events', token);
    await stint.advance(60);
    const later = await opened();
    expect((await stream.text).includes(later)).toBe(false);
  });

  it('also if it was opened with a JWT that the token was exchanged for', async () => {
    const { id, token } = await made();
    const body = new URLSearchParams({ grant_type: 'urn:ibm:params:oauth:grant-type:apikey', apikey: token });
    const exchanged = await fetch(`${stint.url}/identity/token`, { method: 'POST', body });
    const { access_token } = (await exchanged.json()) as { access_token: string };
    const stream = await ended('/events', access_token);
    await stint.admin.delete(`/admin/tokens/${id}`);
    await stream.text;
  });
});
