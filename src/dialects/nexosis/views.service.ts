import { Inject, Injectable } from '@nestjs/common';
import type { Actor } from '../../kernel/access/access.js';
import type { View } from '../../scheduler/nexosis.ports.js';
import { STORE, type Store } from '../../scheduler/ports.js';
import { sameName } from './columns.js';

/** Views: data sets joined with others. */
@Injectable()
export class ViewsService {
  constructor(@Inject(STORE) private readonly store: Store) {}

  /** Views that read a data set. */
  async on(actor: Actor, dataSet: string): Promise<View[]> {
    const all = await this.store.read.nexosis.views(actor.instance.id);
    return all.filter((view) => sameName(view.dataSet, dataSet));
  }
}
