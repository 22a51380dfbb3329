import { afterAll, afterEach } from '@jest/globals';
import type { TestService } from './http.js';

/**
 * Returns a function that starts a service when a test of the current `describe` first calls it. Later tests get the
 * same service, because a start takes longer than most tests. After each test `tidy` removes what the test left; after
 * the last one the service is closed.
 *
 * Tests that share a service also share its clock and its records: use an instance of your own, and read the records of
 * that instance only.
 */
export function sharedService(
  start: () => Promise<TestService>,
  tidy: (stint: TestService) => Promise<void>,
): () => Promise<TestService> {
  let service: Promise<TestService> | undefined;
  afterEach(async () => {
    if (service !== undefined) await tidy(await service);
  });
  afterAll(async () => {
    await (await service)?.close();
  });
  return () => (service ??= start());
}
