import { describe, expect, it } from '@jest/globals';
import { after } from '../../../test/support/given.js';
import { SimulatedBackend, SimulationInput } from './simulated-backend.js';

describe('the simulated backend', () => {
  it('finds slots by number, even if an operator removed one in between', () => {
    const slot = (index: number) => ({ index, running: 0, holder: null, reservedFor: null });
    const field = new SimulatedBackend(
      new SimulationInput({
        at: after(0),
        backend: { name: 'b1', status: 'online', lanes: 1 },
        slots: [slot(0), slot(2)],
        ...{ running: [], sessions: [], batches: [], instances: [], hiddenFrom: null, recent: [] },
      }),
    );
    expect([0, 1, 2].map((index) => field.slot(index)?.index)).toEqual([0, undefined, 2]);
  });
});
