import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../../helpers/engine.ts';
import { datasets } from '../../helpers/pipeline.ts';
import { runCommand } from '../../helpers/run-command.ts';
import { scratch } from '../../helpers/scratch.ts';
import { contractYaml } from '../../helpers/silver-lake.ts';

const files = ['README.md', ...readdirSync(path.join(ROOT, 'docs')).map((name) => `docs/${name}`)];

/** Every complete command in the docs that replays. */
const commands = files
  .filter((file) => file.endsWith('.md'))
  .flatMap((file) => [
    ...readFileSync(path.join(ROOT, file), 'utf8').matchAll(/npx duckstep (replay [^`\n|]+)/g),
  ])
  .map(([, command = '']) => command)
  .filter((command) => !command.includes('…'));

/** The command on an empty lake of this machine. It asks for the same files. */
const locally = (command: string): string[] =>
  `${command} --dry-run`
    .replace(/--stage \S+/, '')
    .replace('--wait', '')
    .replace('NAME', 'signups')
    .split(/\s+/)
    .filter(Boolean);

const sqlDir = datasets({
  'signups/contract.yaml': contractYaml('signups', ['{ name: id, logicalType: integer }']),
});

test('there are commands for all that a replay is for', () => {
  for (const option of [
    '--quarantined',
    '--older-contract',
    '--missing',
    '--since',
    '--dataset',
    '--stage',
    '--wait',
  ])
    expect(commands.join('\n')).toContain(option);
});

test.each([...new Set(commands)])('the docs’ command %s works', async (command) => {
  const { err, code } = await runCommand(
    { DUCKSTEP_SQL_DIR: sqlDir },
    '--lake',
    scratch(),
    ...locally(command),
  );
  expect({ err, code }).toEqual({ err: '', code: 0 });
});
