import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { checkLayer } from './layer-limits.ts';
import { duckdbLock, type Lock } from './layer-lock.ts';
import { type ZipEntry, zip } from './zip.ts';

/** npm's name of each of Lambda's architectures. */
const CPUS: Readonly<Record<string, string>> = { arm64: 'arm64', x86_64: 'x64' };

/** Lambda unpacks layers to /opt, where its Node.js runtime looks for packages. */
const PREFIX = 'nodejs';

/** Files that no program reads at run time. */
const NEEDLESS = /(\.d\.ts|\.d\.ts\.map|\.js\.map|\.md|\.package-lock\.json)$/;

const build = (architecture: string, folder: string): void => {
  const cpu = CPUS[architecture];
  if (cpu === undefined)
    throw new RangeError(
      `Unknown architecture: ${architecture}. Expected ${Object.keys(CPUS).join(' or ')}.`,
    );
  const lock = duckdbLock(JSON.parse(readFileSync('package-lock.json', 'utf8')) as Lock);
  const target = path.join(folder, `duckdb-${architecture}.zip`);
  const stamp = `${target}.from`;
  const from = createHash('sha256')
    .update(JSON.stringify([lock, architecture, sources()]))
    .digest('hex');
  if (existsSync(target) && existsSync(stamp) && readFileSync(stamp, 'utf8') === from) return;

  const entries = install(lock, cpu);
  const archive = zip(entries);
  checkLayer(entries, archive.length, architecture);
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${target}.new`, archive);
  renameSync(`${target}.new`, target);
  writeFileSync(stamp, from);
  process.stdout.write(
    `DuckDB layer for ${architecture}: ${target}, ${(archive.length / 1e6).toFixed(1)} MB\n`,
  );
};

/** The texts of the build scripts: a change in them rebuilds the layer. */
const sources = (): string[] =>
  ['build-layer.ts', 'layer-limits.ts', 'layer-lock.ts', 'zip.ts'].map((name) =>
    readFileSync(path.join(import.meta.dirname, name), 'utf8'),
  );

/** The packages' files, which npm installs for Lambda's platform and checks against the lockfile's hashes. */
const install = (lock: Lock, cpu: string): ZipEntry[] => {
  const temporary = mkdtempSync(path.join(os.tmpdir(), 'duckstep-layer-'));
  try {
    writeFileSync(path.join(temporary, 'package.json'), JSON.stringify(lock.packages['']));
    writeFileSync(path.join(temporary, 'package-lock.json'), JSON.stringify(lock));
    const flags = [
      '--os=linux',
      `--cpu=${cpu}`,
      '--libc=glibc',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
    ];
    const { status, error } = spawnSync('npm', ['ci', ...flags, '--loglevel=error'], {
      cwd: temporary,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    if (status !== 0) throw new Error(`npm could not install DuckDB for linux-${cpu}.`, { cause: error });
    return readdirSync(path.join(temporary, 'node_modules'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !NEEDLESS.test(entry.name) && !entry.parentPath.includes('.bin'))
      .map((entry) => {
        const file = path.join(entry.parentPath, entry.name);
        const name = path.relative(temporary, file).split(path.sep).join('/');
        return { name: `${PREFIX}/${name}`, content: readFileSync(file) };
      });
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
};

const [architecture = 'arm64', folder = 'dist/layer'] = process.argv.slice(2);
build(architecture, folder);
