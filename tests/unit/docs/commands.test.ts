import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../../helpers/engine.ts';
import { testPipeline } from '../../helpers/pipeline.ts';
import { runCommand } from '../../helpers/run-command.ts';

/** The commands about quarantine that these pages show for a laptop, each as its arguments. */
const COMMANDS = ['reading', 'bad-input', 'maintenance'].flatMap((name) =>
  [...readFileSync(path.join(ROOT, 'docs', `${name}.md`), 'utf8').matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(
    ([, script = '']) =>
      script
        .split('\n')
        .filter((line) => /^npx duckstep .*quarantine/.test(line) && !line.includes('--stage'))
        .map((line): [string, string[]] => [
          `docs/${name}.md: ${line}`,
          [...line.matchAll(/"([^"]*)"|(\S+)/g)].slice(2).map(([, quoted, word]) => quoted ?? word ?? ''),
        ]),
  ),
);

const pipeline = testPipeline();
beforeAll(async () => {
  await pipeline.drop('signups/2024-01.csv', readFileSync(path.join(ROOT, 'samples/signups/2024-01.csv')));
});

test('the pages show commands about quarantine', () => {
  for (const command of ['quarantine', 'query', 'maintain'])
    expect(COMMANDS.some(([, [first]]) => first === command)).toBe(true);
});

test.each(COMMANDS)('%s', async (_, args) => {
  const { code, err, out } = await runCommand({}, '--lake', pipeline.folder, ...args);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  if (!args.includes('maintain')) expect(out).toMatch(/status|email|raw|standing|\d+ runs/);
});
