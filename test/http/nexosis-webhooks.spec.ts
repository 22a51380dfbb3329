import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { givenNexosis, sales, type Account } from '../support/nexosis.js';
import { TestService } from '../support/http.js';
import { Receiver } from '../support/receiver.js';
import { eventually } from '../support/eventually.js';

let receiver: Receiver;
let service: TestService;
let alice: Account;

beforeEach(async () => {
  receiver = await Receiver.start();
  ({ service, ...alice } = await givenNexosis({ private_hosts: ['127.0.0.1'] }));
  await alice.putCsv('data/shop', sales(40));
});
afterEach(async () => {
  await service.close();
  await receiver.close();
});

const forecast = (callbackUrl: string) =>
  alice.post('sessions/forecast', {
    dataSourceName: 'shop',
    startDate: '2017-02-10',
    endDate: '2017-02-12',
    callbackUrl,
  });

describe('webhooks', () => {
  it('report each change once, in order, with the token of the session', async () => {
    const { headers, body } = await forecast(receiver.url);
    const token = headers.get('nexosis-webhook-token');
    expect(token).toMatch(/^[\w-]{20,}$/);
    expect(body.callbackUrl).toBe(receiver.url);
    await receiver.until(2);
    const { body: ended } = await alice.ended(body.sessionId as string);
    await service.advance(3600);
    expect(receiver.statuses).toEqual(['started', 'completed']);
    expect(receiver.received.map((each) => each.headers['nexosis-webhook-token'])).toEqual([token, token]);
    expect(receiver.received.map((each) => each.headers['content-type'])).toEqual([
      'application/json',
      'application/json',
    ]);
    // The body is the same JSON as in the answer to GET.
    expect(receiver.received[1]?.body).toEqual(ended);
  });

  it('are repeated at growing intervals while the receiver fails, and keep their order', async () => {
    receiver.answers = [500, 302, 404];
    await forecast(receiver.url);
    await receiver.until(1);
    for (const [pause, count] of [
      [1, 2],
      [5, 3],
      [30, 5],
    ] as const) {
      // The next try is due only after the previous one was counted.
      await eventually('the next try', async () => {
        if (receiver.received.length >= count) return true;
        await service.advance(pause);
        return receiver.received.length >= count;
      });
    }
    expect(receiver.statuses).toEqual(['started', 'started', 'started', 'started', 'completed']);
  });

  it('are given up after hours of failures, with a message in the session', async () => {
    receiver.answers = new Array<number>(40).fill(500);
    const { body } = await forecast(receiver.url);
    await alice.ended(body.sessionId as string);
    const warning = await eventually('a message about it', async () => {
      await service.advance(3600);
      const { body: session } = await alice.get(`sessions/${body.sessionId as string}`);
      const messages = session.messages as { message: string; severity: string }[];
      return messages.find(({ message }) => message.includes('given up'));
    });
    expect(warning).toEqual({ severity: 'warning', message: expect.stringContaining('it answered 500') });
  });

  it('survive a restart of the service', async () => {
    receiver.answers = [503, 503];
    const { body } = await forecast(receiver.url);
    await receiver.until(1);
    await alice.ended(body.sessionId as string);
    await service.close('keep');
    const again = await givenNexosis({ private_hosts: ['*'] }, service.folder);
    ({ service } = again);
    await eventually('both changes', async () => {
      await service.advance(60);
      return receiver.statuses.at(-1) === 'completed';
    });
    expect(receiver.statuses.filter((status) => status === 'completed')).toHaveLength(1);
  });

  it('stop when their session is deleted', async () => {
    receiver.answers = [500];
    const { body } = await forecast(receiver.url);
    await receiver.until(1);
    await alice.ended(body.sessionId as string);
    await alice.delete(`sessions/${body.sessionId as string}`);
    await service.advance(7200);
    expect(receiver.received.length).toBe(1);
  });

  it.each([
    ['http://10.0.0.7/hook', 'private address'],
    ['http://169.254.169.254/latest/meta-data', 'private address'],
    ['http://[::1]:8080/', 'private address'],
    ['http://[::ffff:192.168.0.1]/', 'private address'],
    ['http://localhost:9/hook', 'private address'],
    ['http://2130706433/', 'private_hosts'],
    ['ftp://example.org/', 'http or https'],
    ['http://user:secret@example.org/', 'password'],
    ['somewhere', 'http or https'],
  ])('are refused for %s', async (callbackUrl, words) => {
    await service.close();
    ({ service, ...alice } = await givenNexosis());
    await alice.putCsv('data/shop', sales(40));
    const { status, body } = await forecast(callbackUrl);
    expect([status, body.errorType]).toEqual([400, 'RequestValidation']);
    expect(body.errorDetails.callbackUrl[0]).toContain(words);
    expect((await alice.get('sessions')).body.totalCount).toBe(0);
  });
});
