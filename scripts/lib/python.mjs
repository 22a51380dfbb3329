import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Failure, lastLines } from './failure.mjs';
import { installing, isNetworkTrouble } from './network.mjs';
import { digest, hasStamp, inRoot, writeStamp } from './project.mjs';
import { mustRun, run } from './run.mjs';

/** The Python versions that the pinned packages support. A newer Python is used if there is no supported one. */
const oldest = 11;
const newest = 13;
const howToInstall =
  process.platform === 'darwin'
    ? 'brew install python@3.13'
    : 'on Debian and Ubuntu: apt install python3 python3-venv';

export const pythonOf = (venv) => inRoot(venv, 'bin', 'python');

/** Returns the first Python, in order of preference, that can create virtual environments with the pinned packages. */
export async function findPython() {
  const names = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.14', 'python'];
  const found = [];
  for (const name of names) {
    const version = await versionOf(name);
    if (version !== null && version >= oldest) found.push({ name, version });
  }
  found.sort((a, b) => Number(a.version > newest) - Number(b.version > newest));
  if (found.length > 0) return found[0].name;
  throw new Failure(`Python 3.${oldest} or newer was not found.`, { hint: `Install it (${howToInstall}).` });
}

async function versionOf(command) {
  try {
    const { code, output } = await run(command, ['-c', 'import sys; print(*sys.version_info[:2])'], {
      timeout: 20,
    });
    const [major, minor] = output.trim().split(' ').map(Number);
    return code === 0 && major === 3 ? minor : null;
  } catch {
    return null;
  }
}

/** Creates the virtual environment `venv` and installs each changed requirements file. `options` are options of pip. */
export async function ensureVenv(venv, requirements, { tell, log, options = [] } = {}) {
  const files = requirements.map((name) => inRoot(name));
  const absent = files.find((file) => !existsSync(file));
  if (absent) throw new Failure(`${absent} is missing.`);
  const folder = inRoot(venv);
  const stamps = await Promise.all(
    files.map(async (file, i) => ({
      file,
      stamp: inRoot(venv, `.stint-${requirements[i].replaceAll('/', '-')}`),
      // Files may include each other (-r, -c), so each stamp covers all files of the folder.
      wanted: await digest([
        file,
        inRoot('workers', 'requirements.txt'),
        inRoot('workers', 'requirements.lock'),
      ]),
    })),
  );
  const python = pythonOf(venv);
  const works = (await versionOf(python)) !== null;
  const stale = [];
  for (const entry of stamps) if (!works || !(await hasStamp(entry.stamp, entry.wanted))) stale.push(entry);
  if (stale.length === 0) return 'unchanged';
  // An interrupted creation may have left an environment without pip.
  const fresh = !works || (await run(python, ['-m', 'pip', '--version'], { log })).code !== 0;
  try {
    if (fresh) await makeVenv(folder, { tell, log });
    for (const { file, stamp, wanted } of stale) {
      const args = [
        '-m',
        'pip',
        'install',
        '--disable-pip-version-check',
        '--no-input',
        '--retries',
        '4',
        ...options,
        '-r',
        file,
      ];
      const { code, output } = await installing(() => run(python, args, { onLine: tell, log }), { tell });
      if (code !== 0)
        throw new Failure(`The Python packages could not be installed: ${pipReason(output)}`, pipHint());
      await writeStamp(stamp, wanted);
    }
  } catch (error) {
    // The service would take a partial environment for a complete one.
    if (fresh) await rm(folder, { recursive: true, force: true });
    throw error;
  }
  return fresh ? 'installed' : 'updated';
}

async function makeVenv(folder, { tell, log }) {
  const python = await findPython();
  tell?.(`${python} -m venv`);
  await rm(folder, { recursive: true, force: true });
  const { code, output } = await run(python, ['-m', 'venv', folder], { log });
  if (code === 0) return;
  await rm(folder, { recursive: true, force: true });
  // Debian puts the pip of venv into a separate package. Another pip can install into the environment.
  const pip = await run(python, ['-m', 'pip', '--version']);
  if (pip.code !== 0) {
    throw new Failure(`${python} cannot make virtual environments: ${lastLines(output, 1)}`, {
      hint: `Install the missing package (${howToInstall}).`,
    });
  }
  await mustRun(
    'The Python environment could not be made.',
    python,
    ['-m', 'venv', '--without-pip', folder],
    { log },
  );
  const target = ['-m', 'pip', '--python', `${folder}/bin/python`, 'install', 'pip'];
  const installed = await installing(() => run(python, target, { log, onLine: tell }), { tell });
  if (installed.code !== 0)
    throw new Failure('pip could not be installed into the Python environment.', {
      output: installed.output,
    });
}

const pipHint = () => ({ hint: 'pip gets them from PyPI, or from the mirror in PIP_INDEX_URL.' });

function pipReason(output) {
  const lines = output.split('\n');
  if (isNetworkTrouble(output)) return 'PyPI cannot be reached, or the connection broke.';
  return lines.findLast((line) => line.startsWith('ERROR:'))?.replace('ERROR: ', '') ?? lastLines(output, 1);
}
