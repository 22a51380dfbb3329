import { Injectable } from '@nestjs/common';
import { actorName, type Actor } from '../../../kernel/access/access.js';
import { Commands } from '../../../scheduler/commands.service.js';
import { BuiltOn, type Cascade } from '../data/cascade.js';
import { checkMayDelete } from '../data/deletable.js';
import { ModelsService } from './models.service.js';
import { LearnSessionsService } from './sessions.service.js';
import { ViewsService } from '../data/views.service.js';
import { nexosisStore } from '../storage/store.js';

/** Removes views, sessions and models that were built on a data set or a view. */
@Injectable()
export class CascadeService extends BuiltOn {
  constructor(
    private readonly commands: Commands,
    private readonly sessions: LearnSessionsService,
    private readonly models: ModelsService,
    private readonly views: ViewsService,
  ) {
    super();
  }

  override async remove(actor: Actor, source: string, kinds: readonly Cascade[]): Promise<void> {
    await this.check(actor, source, kinds);
    if (kinds.includes('view')) {
      for (const { name } of await this.views.readingFrom(actor, source)) {
        await this.remove(
          actor,
          name,
          kinds.filter((kind) => kind !== 'view'),
        );
        await this.commands.run(
          (unit) => nexosisStore(unit.tx).views.remove(actor.instance.id, name),
          actorName(actor),
        );
      }
    }
    if (kinds.includes('session')) await this.removeSessions(actor, source, undefined);
    else if (kinds.includes('forecast')) await this.removeSessions(actor, source, 'forecast');
    if (kinds.includes('model')) await this.models.removeSome(actor, { source });
  }

  private async removeSessions(actor: Actor, source: string, type: 'forecast' | undefined): Promise<void> {
    for (const { id } of await this.sessions.removable(actor, { source, type }))
      await this.sessions.remove(actor, id);
  }

  /** Throws before anything is removed if the actor may not remove all of it. */
  private async check(actor: Actor, source: string, kinds: readonly Cascade[]): Promise<void> {
    const views = kinds.includes('view') ? await this.views.readingFrom(actor, source) : [];
    for (const view of views) checkMayDelete(actor, view, `View ${view.name}`);
    for (const name of [source, ...views.map((view) => view.name)]) {
      if (kinds.includes('session')) await this.sessions.removable(actor, { source: name });
      else if (kinds.includes('forecast'))
        await this.sessions.removable(actor, { source: name, type: 'forecast' });
      if (kinds.includes('model')) await this.models.removable(actor, { source: name });
    }
  }
}
