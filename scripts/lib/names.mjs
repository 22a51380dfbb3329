// Names that were given up for clearer ones, and names that would get a second meaning. `eslint.config.js` makes rules of both.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Retired names, and what to use instead. Columns are exempt, because their names are stored. */
export const retired = {
  asked: 'request, or what was requested',
  said: 'raw, value, or what it is',
  told: 'history, or what was sent',
  heard: 'clientSeen, listener, or what was received',
  meant: 'suggestion',
  tell: 'a verb that says what is done: send, report, store',
  tells: 'a verb that says what is done: sends, reports, stores',
  asker: 'requester, or actor',
  teller: 'retry',
  setAside: 'disarmDeadline or escapeInherited',
  separately: 'inSavepoint',
  betweens: 'runnerMiddlewares',
  Unit: 'UnitOfWork',
  Teller: 'Retry',
  Between: 'RunnerMiddleware',
  Asked: 'NexosisRequest, or a noun for the request',
  Asker: 'CurrentActor',
  Agenda: 'PendingWork or SimulatedEvents',
  Field: 'SimulatedBackend',
  Setting: 'SimulationInput',
  Answer: 'AttemptEnd for a runner; an HTTP answer has a name of its own',
  Outcome: 'AttemptOutcome, SessionOutcome or CommandResult',
  Place: 'QueuePlace or ListenAddress',
};

/** Exported types of the same name that have the same meaning, on two sides of a border that imports may not cross. */
const sameMeaning = new Set(['Progress', 'Tables']);

const exported = /^export (?:declare )?(?:abstract )?(?:class|interface|type|enum|const enum) (\w+)/gm;

/** The files below `folder` that export a type of each name. */
export function typesBelow(folder) {
  const files = new Map();
  for (const name of readdirSync(folder, { recursive: true })) {
    if (!name.endsWith('.ts') || name.endsWith('.spec.ts')) continue;
    const file = join(folder, name);
    for (const [, type] of readFileSync(file, 'utf8').matchAll(exported)) {
      if (!files.has(type)) files.set(type, new Set());
      files.get(type).add(file);
    }
  }
  return files;
}

/** Names that a node declares, as identifiers. */
function* declaredBy(node) {
  if (node === null || node === undefined) return;
  switch (node.type) {
    case 'Identifier':
      yield node;
      break;
    case 'ObjectPattern':
      for (const property of node.properties) yield* declaredBy(property.value ?? property.argument);
      break;
    case 'ArrayPattern':
      for (const element of node.elements) yield* declaredBy(element);
      break;
    case 'AssignmentPattern':
      yield* declaredBy(node.left);
      break;
    case 'RestElement':
      yield* declaredBy(node.argument);
      break;
    case 'TSParameterProperty':
      yield* declaredBy(node.parameter);
  }
}

/** Returns whether a property of a class is a column of a table. */
const isColumn = ({ decorators = [] }) =>
  decorators.some(({ expression }) => /^(Primary(Generated)?)?Column$/.test(expression.callee?.name ?? ''));

/** An ESLint plugin: `retired` refuses to declare a retired name, `one-meaning` a type whose name another file exports. */
export function namesPlugin(root) {
  let types;
  const withoutRetired = {
    meta: {
      type: 'problem',
      messages: { retired: '"{{name}}" is a retired name. Use {{instead}}.' },
      schema: [],
    },
    create(context) {
      const check = (identifier) => {
        if (identifier?.type !== 'Identifier' || !Object.hasOwn(retired, identifier.name)) return;
        const data = { name: identifier.name, instead: retired[identifier.name] };
        context.report({ node: identifier, messageId: 'retired', data });
      };
      const all = (nodes) => {
        for (const node of nodes) for (const identifier of declaredBy(node)) check(identifier);
      };
      const ofFunction = ({ id, params }) => {
        check(id);
        all(params);
      };
      const ofKey = ({ key, computed }) => computed !== true && check(key);
      const ofProperty = (node) => !isColumn(node) && ofKey(node);
      const ofId = ({ id }) => check(id);
      return {
        VariableDeclarator: ({ id }) => all([id]),
        CatchClause: ({ param }) => all([param]),
        ImportSpecifier: ({ local }) => check(local),
        ExportSpecifier: ({ exported: name }) => check(name),
        FunctionDeclaration: ofFunction,
        FunctionExpression: ofFunction,
        ArrowFunctionExpression: ofFunction,
        MethodDefinition: ofKey,
        PropertyDefinition: ofProperty,
        TSPropertySignature: ofKey,
        TSMethodSignature: ofKey,
        ClassDeclaration: ofId,
        TSInterfaceDeclaration: ofId,
        TSTypeAliasDeclaration: ofId,
        TSEnumDeclaration: ofId,
      };
    },
  };
  const oneMeaning = {
    meta: {
      type: 'problem',
      messages: { second: '{{others}} exports a type {{name}} too. Give this one a name of its own.' },
      schema: [],
    },
    create: (context) => ({
      Program() {
        types ??= typesBelow(join(root, 'src'));
      },
      'ExportNamedDeclaration > :matches(ClassDeclaration, TSInterfaceDeclaration, TSTypeAliasDeclaration, TSEnumDeclaration)'({
        id,
      }) {
        const files = types.get(id.name) ?? new Set();
        const others = [...files].filter((file) => file !== context.physicalFilename);
        if (others.length === 0 || sameMeaning.has(id.name)) return;
        const data = { name: id.name, others: others.map((file) => relative(root, file)).join(', ') };
        context.report({ node: id, messageId: 'second', data });
      },
    }),
  };
  return { rules: { retired: withoutRetired, 'one-meaning': oneMeaning } };
}
