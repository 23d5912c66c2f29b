import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Contender } from './contenders.ts';
import { CACHE, ROOT } from './paths.ts';

/** The newest of each when this was written; a benchmark against yesterday's versions says little. */
const PACKAGES = ['pandas==3.1.1', 'polars==2.1.0', 'pyspark==4.3.0', 'pyarrow==26.0.1'];

/** Of what PySpark 4 needs. */
const JAVA_AT_LEAST = 17;

const INSTALL_TIMEOUT_MS = 900_000;

const run = promisify(execFile);

type PythonName = 'pandas' | 'polars' | 'pyspark';

let installed: Promise<string> | undefined;

/** A contender in Python with its packages from PyPI, or in one sentence why it cannot run here. */
export const pythonContender = async (name: PythonName): Promise<Contender | string> => {
  installed ??= install();
  try {
    const python = await installed;
    if (name === 'pyspark') await checkJava();
    return {
      name,
      command: [python, path.join(ROOT, 'bench', 'contenders', `with_${name}.py`)],
      env: { PYTHONDONTWRITEBYTECODE: '1', PYSPARK_PYTHON: python },
    };
  } catch (error) {
    return `${name} is left out: ${error instanceof Error ? error.message.trim().split('\n').at(-1) : error}`;
  }
};

/** The Python of an environment that has exactly these packages; made where it is not there yet. */
const install = async (): Promise<string> => {
  const venv = path.join(CACHE, 'python');
  const python = path.join(venv, 'bin', 'python');
  const marker = path.join(venv, `complete-${PACKAGES.join('-').replaceAll('==', '-')}`);
  if (existsSync(marker)) return python;
  await mkdir(CACHE, { recursive: true });
  process.stderr.write('Installing Python packages, once …\n');
  await run('python3', ['-m', 'venv', '--clear', venv]);
  await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...PACKAGES], {
    timeout: INSTALL_TIMEOUT_MS,
  });
  await writeFile(marker, '');
  return python;
};

const checkJava = async (): Promise<void> => {
  const java = process.env.JAVA_HOME === undefined ? 'java' : path.join(process.env.JAVA_HOME, 'bin', 'java');
  const { stderr } = await run(java, ['-version']).catch(() => {
    throw new Error('there is no java');
  });
  const version = Number(/version "(\d+)/.exec(stderr)?.[1]);
  if (!(version >= JAVA_AT_LEAST)) throw new Error(`it needs Java ${JAVA_AT_LEAST}, not ${version}`);
};
