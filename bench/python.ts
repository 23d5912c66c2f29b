import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Contender } from './contender.ts';
import { CACHE, ROOT } from './paths.ts';

/** The newest version of each at the time of writing; a benchmark against old versions says little. */
const ENVIRONMENTS = {
  frames: ['pandas==3.1.1', 'polars==2.1.0', 'pyarrow==26.0.1'],
  pyspark: ['pyspark==4.3.0'],
} as const;
type Environment = keyof typeof ENVIRONMENTS;

/** The least Java version that PySpark 4 needs. */
const MIN_JAVA_VERSION = 17;

const INSTALL_TIMEOUT_MS = 900_000;

const run = promisify(execFile);

const SCRIPTS = {
  polars: ['with_polars.py'],
  pandas: ['with_pandas.py'],
  'pandas-arrow': ['with_pandas.py', '--arrow'],
  pyspark: ['with_pyspark.py'],
} as const;
type PythonName = keyof typeof SCRIPTS;

const installed = new Map<Environment, Promise<string>>();

/**
 * A contender in Python with its packages from PyPI, or one sentence that says why it cannot run here.
 *
 * @param patient whether PySpark may be downloaded if it is not installed yet: some 400 MB
 */
export const pythonContender = async (name: PythonName, patient: boolean): Promise<Contender | string> => {
  const environment = name === 'pyspark' ? 'pyspark' : 'frames';
  try {
    if (name === 'pyspark') await checkJava();
    if (name === 'pyspark' && !patient && !existsSync(markerOf(environment)))
      throw new Error(
        'it is not installed, and --quick does not download 400 MB; a run without --quick does',
      );
    const python = await (installed.get(environment) ?? install(environment));
    const [script, ...flags] = SCRIPTS[name];
    return {
      name,
      command: [python, path.join(ROOT, 'bench', 'contenders', script), ...flags],
      env: { PYTHONDONTWRITEBYTECODE: '1', PYSPARK_PYTHON: python },
    };
  } catch (error) {
    return `${name} is left out: ${error instanceof Error ? error.message.trim().split('\n').at(-1) : error}`;
  }
};

const folderOf = (environment: Environment): string => path.join(CACHE, `python-${environment}`);

/** A file that exists after exactly these packages have been installed. */
const markerOf = (environment: Environment): string =>
  path.join(folderOf(environment), `complete-${ENVIRONMENTS[environment].join('-').replaceAll('==', '-')}`);

/** The Python of an environment, which is created on first use. */
const install = (environment: Environment): Promise<string> => {
  const making = make(environment);
  installed.set(environment, making);
  return making;
};

const make = async (environment: Environment): Promise<string> => {
  const folder = folderOf(environment);
  const python = path.join(folder, 'bin', 'python');
  if (existsSync(markerOf(environment))) return python;
  await mkdir(CACHE, { recursive: true });
  const packages = ENVIRONMENTS[environment];
  process.stderr.write(`Installing ${packages.join(', ')}, once …\n`);
  await run('python3', ['-m', 'venv', '--clear', folder]);
  await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages], {
    timeout: INSTALL_TIMEOUT_MS,
  });
  await writeFile(markerOf(environment), '');
  return python;
};

const checkJava = async (): Promise<void> => {
  const java = process.env.JAVA_HOME === undefined ? 'java' : path.join(process.env.JAVA_HOME, 'bin', 'java');
  const { stderr } = await run(java, ['-version']).catch(() => {
    throw new Error('java is not installed');
  });
  const version = Number(/version "(\d+)/.exec(stderr)?.[1]);
  if (!(version >= MIN_JAVA_VERSION)) throw new Error(`it needs Java ${MIN_JAVA_VERSION}, not ${version}`);
};
