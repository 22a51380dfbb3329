import { existsSync } from 'node:fs';
import { Failure } from './failure.mjs';
import { digest, hasStamp, inRoot, readJson, writeStamp } from './project.mjs';
import { installing } from './network.mjs';
import { mustRun, npm, run } from './run.mjs';

export function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  throw new Failure(`Stint needs Node 20.19 or newer; this is ${process.versions.node}.`, {
    hint: 'Get it from nodejs.org or your package manager.',
  });
}

/** Installs the packages of package-lock.json, unless they are installed. */
export async function ensureNodePackages({ tell, log } = {}) {
  const stamp = inRoot('node_modules', '.stint-stamp');
  // SQLite is a native module, so another Node version may need a new build.
  const wanted = await digest(
    [inRoot('package-lock.json')],
    process.versions.modules,
    process.platform,
    process.arch,
  );
  if (await hasStamp(stamp, wanted)) return 'unchanged';
  if (!existsSync(stamp) && (await installedByHand())) {
    await writeStamp(stamp, wanted);
    return 'already installed';
  }
  const args = ['ci', '--loglevel=http', '--foreground-scripts'];
  const { code, output } = await installing(() => run(npm, args, { onLine: tell, log }), { tell });
  if (code !== 0) {
    throw new Failure('The Node packages could not be installed.', {
      output,
      hint: [
        'Is the npm registry reachable (npm ping)?',
        'SQLite is compiled where no ready-made build can be fetched: that takes a C++ compiler, make and Python',
        '(Debian: apt install build-essential python3; macOS: xcode-select --install).',
      ].join('\n'),
    });
  }
  await writeStamp(stamp, wanted);
  return 'installed';
}

/** Returns whether npm's record of installed packages matches the lock, except for packages of other platforms. */
async function installedByHand() {
  const file = inRoot('node_modules', '.package-lock.json');
  if (!existsSync(file)) return false;
  const [{ packages: wanted }, { packages: found }] = await Promise.all([
    readJson(inRoot('package-lock.json')),
    readJson(file),
  ]);
  return Object.entries(wanted).every(([path, { version, optional, devOptional, peer }]) => {
    if (path === '') return true;
    return found[path] ? found[path].version === version : Boolean(optional || devOptional || peer);
  });
}

/** Compiles src to dist, unless no input of the build has changed. */
export async function ensureBuild({ tell, log } = {}) {
  const stamp = inRoot('dist', '.stint-stamp');
  const settings = ['package-lock.json', 'nest-cli.json', 'tsconfig.json', 'tsconfig.build.json'];
  const sources = ['src', 'scripts/bundle.mjs', ...settings];
  const wanted = await digest(sources.map((name) => inRoot(name)));
  if (existsSync(inRoot('dist', 'main.js')) && (await hasStamp(stamp, wanted))) return 'unchanged';
  await mustRun('The service could not be built.', npm, ['run', '--silent', 'build'], { onLine: tell, log });
  await writeStamp(stamp, wanted);
  return 'built';
}
